package microdot.netty;

import microdot.netty.io.IoMode;

class TlsJdkTest extends TlsContract {
    @Override
    IoMode io() {
        return IoMode.EPOLL;
    }

    @Override
    String provider() {
        return "the JDK";
    }
}
