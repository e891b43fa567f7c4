package microdot.netty;

import microdot.netty.io.IoMode;

class HttpNioTest extends HttpContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }
}
