package microdot.netty;

class FanoutNioTest extends FanoutContract {
    @Override
    Io io() {
        return Io.NIO;
    }
}
