package microdot.netty;

class TimeoutNioTest extends TimeoutContract {
    @Override
    Wire wire() {
        return Wire.NIO;
    }
}
