package microdot.netty;

class TlsEpollTest extends TlsContract {
    @Override
    Wire wire() {
        return Wire.EPOLL_AND_RING;
    }

    @Override
    String provider() {
        return "BoringSSL";
    }
}
