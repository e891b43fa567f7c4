package microdot.netty;

import microdot.netty.io.IoMode;

class LeavingClientHttp2EpollTest extends LeavingClientContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }

    @Override
    boolean http2() {
        return true;
    }
}
