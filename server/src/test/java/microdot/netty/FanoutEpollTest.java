package microdot.netty;

class FanoutEpollTest extends FanoutContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL;
    }
}
