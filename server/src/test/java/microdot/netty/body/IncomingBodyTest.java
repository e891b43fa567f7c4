package microdot.netty.body;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.Unpooled;
import java.io.InputStream;
import microdot.HttpException;
import org.junit.jupiter.api.Test;

class IncomingBodyTest {
    private final IncomingBody body =
            new IncomingBody(
                    new IncomingBody.Connection() {
                        @Override
                        public void readBody(IncomingBody wanted) {}

                        @Override
                        public boolean isOnLoop() {
                            return false;
                        }
                    },
                    10,
                    1000,
                    false);

    private void append(int count) {
        body.append(Unpooled.wrappedBuffer(new byte[count]));
    }

    @Test
    void bytesAfterAFailureAreNotReadAsIfNoneWereMissing() throws Exception {
        InputStream in = body.open();
        append(4);
        assertEquals(0, in.read());
        body.fail(408, "too slow");
        append(6);
        body.end();
        for (int i = 0; i < 2; i++) {
            HttpException failure = assertThrows(HttpException.class, in::read);
            assertEquals(408, failure.status());
        }
        assertFalse(body.close(), "the client must not get a further response");
    }

    @Test
    void failureAfterTheEndChangesNothing() throws Exception {
        append(10);
        body.end();
        body.fail(400, "disconnected");
        assertEquals(10, body.open().readAllBytes().length);
    }

    @Test
    void nothingIsAvailableAfterTheResponseHasBegun() throws Exception {
        InputStream in = body.open();
        append(3);
        assertEquals(3, in.available());
        body.close();
        append(3);
        assertEquals(0, in.available());
    }
}
