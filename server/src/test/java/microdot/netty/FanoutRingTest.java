package microdot.netty;

import microdot.netty.io.IoMode;

class FanoutRingTest extends FanoutContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }
}
