package microdot.netty;

import microdot.netty.io.IoMode;

class LeavingClientEpollTest extends LeavingClientContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }
}
