package microdot.netty;

import microdot.netty.io.IoMode;

class TlsNioTest extends TlsContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }

    @Override
    String provider() {
        return "BoringSSL";
    }
}
