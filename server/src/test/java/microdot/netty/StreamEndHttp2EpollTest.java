package microdot.netty;

import microdot.netty.io.IoMode;

class StreamEndHttp2EpollTest extends StreamEndContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }

    @Override
    boolean http2() {
        return true;
    }
}
