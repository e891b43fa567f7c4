package microdot.netty;

class HttpEpollTest extends HttpContract {
    @Override
    boolean epoll() {
        return true;
    }
}
