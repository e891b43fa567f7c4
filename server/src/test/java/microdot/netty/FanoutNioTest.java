package microdot.netty;

class FanoutNioTest extends FanoutContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }
}
