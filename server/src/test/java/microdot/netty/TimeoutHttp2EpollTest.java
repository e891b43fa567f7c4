package microdot.netty;

import microdot.netty.io.IoMode;

class TimeoutHttp2EpollTest extends TimeoutContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }

    @Override
    boolean http2() {
        return true;
    }
}
