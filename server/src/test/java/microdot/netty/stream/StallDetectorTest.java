package microdot.netty.stream;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;

class StallDetectorTest {
    private static final long BOUND = 1_000;

    /** A channel whose socket takes nothing by itself. */
    private static final class Full extends EmbeddedChannel {
        @Override
        protected void doWrite(ChannelOutboundBuffer pending) {}
    }

    private final Full channel = new Full();
    private final StallDetector detector = new StallDetector();

    @Test
    void clientThatReadsNothingIsStalled() {
        channel.writeAndFlush(Unpooled.buffer().writeZero(100));
        assertFalse(detector.isStalled(channel, 1, BOUND));
        assertFalse(detector.isStalled(channel, 1 + BOUND, BOUND));
        assertTrue(detector.isStalled(channel, 2 + BOUND, BOUND));
        channel.finishAndReleaseAll();
    }

    @Test
    void addedBytesAreNotRead() {
        channel.writeAndFlush(Unpooled.buffer().writeZero(100));
        assertFalse(detector.isStalled(channel, 1, BOUND));
        channel.writeAndFlush(Unpooled.buffer().writeZero(50));
        assertFalse(detector.isStalled(channel, 2, BOUND));
        assertFalse(detector.hasReadAt(2));
        channel.writeAndFlush(Unpooled.buffer().writeZero(50));
        assertTrue(detector.isStalled(channel, 2 + BOUND, BOUND));
        // As much was read as is added: the message that is being written is another one.
        channel.unsafe().outboundBuffer().remove();
        channel.writeAndFlush(Unpooled.buffer().writeZero(100));
        assertFalse(detector.isStalled(channel, 3 + BOUND, BOUND));
        assertTrue(detector.hasReadAt(3 + BOUND));
        channel.finishAndReleaseAll();
    }

    /** Neither the bytes that wait nor the progress may make up for each other. */
    @Test
    void progressIsSeenWhateverItsFiguresAre() {
        // One message less is 17,006 bytes less with Netty's 96 for each message.
        channel.write(Unpooled.buffer().writeZero(16_910));
        channel.writeAndFlush(Unpooled.buffer().writeZero(40_000));
        assertFalse(detector.isStalled(channel, 1, BOUND));
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        pending.remove();
        pending.progress(31_011); // 17 * 31,011 = 31 * 17,006 + 1
        assertFalse(detector.isStalled(channel, 2 + BOUND, BOUND));
        assertTrue(detector.isStalled(channel, 3 + 2 * BOUND, BOUND));
        channel.finishAndReleaseAll();
    }
}
