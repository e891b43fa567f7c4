package microdot.netty;

import microdot.netty.io.IoMode;

class TimeoutNioTest extends TimeoutContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }
}
