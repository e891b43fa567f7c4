package microdot.netty;

class StreamEpollTest extends StreamContract {
    @Override
    Io io() {
        return Io.EPOLL_AND_RING;
    }
}
