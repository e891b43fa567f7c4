package microdot.netty;

class StreamEndNioTest extends StreamEndContract {
    @Override
    boolean epoll() {
        return false;
    }
}
