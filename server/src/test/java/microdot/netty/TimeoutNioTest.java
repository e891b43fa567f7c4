package microdot.netty;

class TimeoutNioTest extends TimeoutContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }
}
