package microdot.netty;

class FanoutRingTest extends FanoutContract {
    @Override
    Wire wire() {
        return Wire.EPOLL_AND_RING;
    }
}
