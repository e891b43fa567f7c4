package microdot.netty;

class TimeoutEpollTest extends TimeoutContract {
    @Override
    Io io() {
        return Io.EPOLL_AND_RING;
    }
}
