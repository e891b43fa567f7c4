package microdot.netty;

class TimeoutNioTest extends TimeoutContract {
    @Override
    Io io() {
        return Io.NIO;
    }
}
