package microdot.netty;

import microdot.netty.io.IoMode;

class StreamEndNioTest extends StreamEndContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }
}
