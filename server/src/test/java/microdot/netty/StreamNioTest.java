package microdot.netty;

class StreamNioTest extends StreamContract {
    @Override
    boolean epoll() {
        return false;
    }
}
