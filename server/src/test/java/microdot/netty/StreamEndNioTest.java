package microdot.netty;

class StreamEndNioTest extends StreamEndContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }
}
