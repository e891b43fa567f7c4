package microdot.netty;

import microdot.netty.io.IoMode;

class FanoutNioTest extends FanoutContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }
}
