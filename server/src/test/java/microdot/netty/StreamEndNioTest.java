package microdot.netty;

class StreamEndNioTest extends StreamEndContract {
    @Override
    Io io() {
        return Io.NIO;
    }
}
