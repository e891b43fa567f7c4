package microdot.netty;

import microdot.netty.io.IoMode;

class FanoutHttp2NioTest extends FanoutContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }

    @Override
    boolean http2() {
        return true;
    }
}
