package microdot.netty;

import microdot.netty.io.IoMode;

class LeavingClientHttp2NioTest extends LeavingClientContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }

    @Override
    boolean http2() {
        return true;
    }
}
