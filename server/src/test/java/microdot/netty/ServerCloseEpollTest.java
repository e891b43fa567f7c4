package microdot.netty;

class ServerCloseEpollTest extends ServerCloseContract {
    @Override
    Wire wire() {
        return Wire.EPOLL_AND_RING;
    }
}
