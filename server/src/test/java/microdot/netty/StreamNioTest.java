package microdot.netty;

class StreamNioTest extends StreamContract {
    @Override
    Wire wire() {
        return Wire.NIO;
    }
}
