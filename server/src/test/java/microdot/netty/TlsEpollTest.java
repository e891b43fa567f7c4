package microdot.netty;

import microdot.netty.io.IoMode;

class TlsEpollTest extends TlsContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL_AND_RING;
    }

    @Override
    String provider() {
        return "BoringSSL";
    }
}
