package microdot.netty;

class HttpNioTest extends HttpContract {
    @Override
    boolean epoll() {
        return false;
    }
}
