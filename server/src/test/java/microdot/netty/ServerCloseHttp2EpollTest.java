package microdot.netty;

import microdot.netty.io.IoMode;

class ServerCloseHttp2EpollTest extends ServerCloseContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }

    @Override
    boolean http2() {
        return true;
    }
}
