package microdot.netty;

import microdot.netty.io.IoMode;

class TlsJdkNioTest extends TlsContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }

    @Override
    String provider() {
        return "the JDK";
    }
}
