package microdot.netty;

class FanoutEpollTest extends FanoutContract {
    @Override
    Wire wire() {
        return Wire.EPOLL;
    }
}
