package microdot.netty;

import microdot.netty.io.IoMode;

class BodyHttp2NioTest extends BodyContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }

    @Override
    boolean http2() {
        return true;
    }
}
