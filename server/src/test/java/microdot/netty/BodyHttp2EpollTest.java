package microdot.netty;

import microdot.netty.io.IoMode;

class BodyHttp2EpollTest extends BodyContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL;
    }

    @Override
    boolean http2() {
        return true;
    }
}
