package microdot.netty;

class StreamEndEpollTest extends StreamEndContract {
    @Override
    Io io() {
        return Io.EPOLL_AND_RING;
    }
}
