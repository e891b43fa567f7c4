package microdot.netty;

import microdot.netty.io.IoMode;

class TimeoutEpollTest extends TimeoutContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }
}
