package microdot.netty;

class StreamEpollTest extends StreamContract {
    @Override
    boolean epoll() {
        return true;
    }
}
