package microdot.netty;

class HttpNioTest extends HttpContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }
}
