package microdot.netty;

import microdot.netty.io.IoMode;

class StreamEndEpollTest extends StreamEndContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }
}
