package microdot.netty;

import microdot.netty.io.IoMode;

class StreamNioTest extends StreamContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }
}
