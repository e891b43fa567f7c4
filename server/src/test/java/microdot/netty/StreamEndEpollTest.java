package microdot.netty;

class StreamEndEpollTest extends StreamEndContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }
}
