package microdot.netty;

import microdot.netty.io.IoMode;

class HttpHttp2EpollTest extends HttpContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }

    @Override
    boolean http2() {
        return true;
    }
}
