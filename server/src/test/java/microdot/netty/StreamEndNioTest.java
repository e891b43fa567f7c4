package microdot.netty;

class StreamEndNioTest extends StreamEndContract {
    @Override
    Wire wire() {
        return Wire.NIO;
    }
}
