package microdot.netty;

import microdot.netty.io.IoMode;

class FanoutHttp2EpollTest extends FanoutContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL;
    }

    @Override
    boolean http2() {
        return true;
    }
}
