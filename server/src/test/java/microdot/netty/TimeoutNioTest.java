package microdot.netty;

class TimeoutNioTest extends TimeoutContract {
    @Override
    boolean epoll() {
        return false;
    }
}
