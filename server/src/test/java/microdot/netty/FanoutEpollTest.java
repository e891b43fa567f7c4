package microdot.netty;

import microdot.netty.io.IoMode;

class FanoutEpollTest extends FanoutContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL;
    }
}
