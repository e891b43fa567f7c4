package microdot.netty;

class StreamEndEpollTest extends StreamEndContract {
    @Override
    boolean epoll() {
        return true;
    }
}
