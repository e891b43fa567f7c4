package microdot.netty;

import microdot.netty.io.IoMode;

class StreamHttp2EpollTest extends StreamContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }

    @Override
    boolean http2() {
        return true;
    }
}
