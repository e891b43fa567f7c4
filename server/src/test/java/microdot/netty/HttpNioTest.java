package microdot.netty;

class HttpNioTest extends HttpContract {
    @Override
    Io io() {
        return Io.NIO;
    }
}
