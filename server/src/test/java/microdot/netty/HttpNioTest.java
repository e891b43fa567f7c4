package microdot.netty;

class HttpNioTest extends HttpContract {
    @Override
    Wire wire() {
        return Wire.NIO;
    }
}
