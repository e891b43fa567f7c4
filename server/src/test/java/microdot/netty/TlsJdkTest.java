package microdot.netty;

class TlsJdkTest extends TlsContract {
    @Override
    Wire wire() {
        return Wire.EPOLL;
    }

    @Override
    String provider() {
        return "the JDK";
    }
}
