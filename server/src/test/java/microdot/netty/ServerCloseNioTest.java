package microdot.netty;

class ServerCloseNioTest extends ServerCloseContract {
    @Override
    Wire wire() {
        return Wire.NIO;
    }
}
