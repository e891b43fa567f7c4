package microdot.netty;

class StreamEpollTest extends StreamContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }
}
