package microdot.netty;

import microdot.netty.io.IoMode;

class StreamHttp2NioTest extends StreamContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }

    @Override
    boolean http2() {
        return true;
    }
}
