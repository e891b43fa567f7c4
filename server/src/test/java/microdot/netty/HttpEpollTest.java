package microdot.netty;

class HttpEpollTest extends HttpContract {
    @Override
    Wire wire() {
        return Wire.EPOLL_AND_RING;
    }
}
