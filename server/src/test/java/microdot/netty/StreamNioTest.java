package microdot.netty;

class StreamNioTest extends StreamContract {
    @Override
    Io io() {
        return Io.NIO;
    }
}
