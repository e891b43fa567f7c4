package microdot.netty;

class LeavingClientNioTest extends LeavingClientContract {
    @Override
    Wire wire() {
        return Wire.NIO;
    }
}
