package microdot.netty;

import microdot.netty.io.IoMode;

class TimeoutHttp2NioTest extends TimeoutContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }

    @Override
    boolean http2() {
        return true;
    }
}
