package microdot.netty;

import microdot.netty.io.IoMode;

class LeavingClientNioTest extends LeavingClientContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }
}
