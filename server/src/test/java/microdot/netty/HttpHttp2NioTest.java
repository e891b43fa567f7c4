package microdot.netty;

import microdot.netty.io.IoMode;

class HttpHttp2NioTest extends HttpContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }

    @Override
    boolean http2() {
        return true;
    }
}
