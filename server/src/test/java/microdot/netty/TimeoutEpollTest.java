package microdot.netty;

class TimeoutEpollTest extends TimeoutContract {
    @Override
    Wire wire() {
        return Wire.EPOLL_AND_RING;
    }
}
