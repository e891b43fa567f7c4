package microdot.netty;

import microdot.netty.io.IoMode;

class StreamEndHttp2NioTest extends StreamEndContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }

    @Override
    boolean http2() {
        return true;
    }
}
