package microdot.netty;

class HttpEpollTest extends HttpContract {
    @Override
    Io io() {
        return Io.EPOLL_AND_RING;
    }
}
