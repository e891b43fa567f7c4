package microdot.netty;

import microdot.netty.io.IoMode;

class ServerCloseEpollTest extends ServerCloseContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }
}
