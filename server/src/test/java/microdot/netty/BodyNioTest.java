package microdot.netty;

class BodyNioTest extends BodyContract {
    @Override
    Wire wire() {
        return Wire.NIO;
    }
}
