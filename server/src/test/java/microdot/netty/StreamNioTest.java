package microdot.netty;

class StreamNioTest extends StreamContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }
}
