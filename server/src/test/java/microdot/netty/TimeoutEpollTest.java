package microdot.netty;

class TimeoutEpollTest extends TimeoutContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }
}
