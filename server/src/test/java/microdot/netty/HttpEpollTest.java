package microdot.netty;

class HttpEpollTest extends HttpContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }
}
