package microdot.netty;

class TlsJdkNioTest extends TlsContract {
    @Override
    Wire wire() {
        return Wire.NIO;
    }

    @Override
    String provider() {
        return "the JDK";
    }
}
