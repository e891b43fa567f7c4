package microdot.netty;

class FanoutRingTest extends FanoutContract {
    @Override
    Io io() {
        return Io.EPOLL_AND_RING;
    }
}
