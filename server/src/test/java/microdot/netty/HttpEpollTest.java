package microdot.netty;

import microdot.netty.io.IoMode;

class HttpEpollTest extends HttpContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }
}
