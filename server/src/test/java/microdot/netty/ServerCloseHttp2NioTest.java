package microdot.netty;

import microdot.netty.io.IoMode;

class ServerCloseHttp2NioTest extends ServerCloseContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }

    @Override
    boolean http2() {
        return true;
    }
}
