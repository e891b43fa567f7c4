package microdot.netty;

class TlsNioTest extends TlsContract {
    @Override
    Wire wire() {
        return Wire.NIO;
    }

    @Override
    String provider() {
        return "BoringSSL";
    }
}
