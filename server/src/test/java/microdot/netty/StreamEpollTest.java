package microdot.netty;

class StreamEpollTest extends StreamContract {
    @Override
    Wire wire() {
        return Wire.EPOLL_AND_RING;
    }
}
