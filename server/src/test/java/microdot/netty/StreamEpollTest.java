package microdot.netty;

import microdot.netty.io.IoMode;

class StreamEpollTest extends StreamContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }
}
