package microdot.netty;

class FanoutRingTest extends FanoutContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }
}
