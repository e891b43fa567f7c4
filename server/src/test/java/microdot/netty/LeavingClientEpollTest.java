package microdot.netty;

class LeavingClientEpollTest extends LeavingClientContract {
    @Override
    Wire wire() {
        return Wire.EPOLL_AND_RING;
    }
}
