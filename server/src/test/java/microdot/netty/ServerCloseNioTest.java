package microdot.netty;

import microdot.netty.io.IoMode;

class ServerCloseNioTest extends ServerCloseContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }
}
