package microdot.netty;

class StreamEndEpollTest extends StreamEndContract {
    @Override
    Wire wire() {
        return Wire.EPOLL_AND_RING;
    }
}
