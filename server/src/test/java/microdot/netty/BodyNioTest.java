package microdot.netty;

import microdot.netty.io.IoMode;

class BodyNioTest extends BodyContract {
    @Override
    IoMode io() {
        return IoMode.NIO;
    }
}
