package microdot.netty;

class FanoutNioTest extends FanoutContract {
    @Override
    Wire wire() {
        return Wire.NIO;
    }
}
