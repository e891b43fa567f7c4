package microdot.netty;

class TimeoutEpollTest extends TimeoutContract {
    @Override
    boolean epoll() {
        return true;
    }
}
