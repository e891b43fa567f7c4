package microdot.netty;

class FanoutEpollTest extends FanoutContract {
    @Override
    Io io() {
        return Io.EPOLL;
    }
}
