package microdot.netty.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.DefaultFileRegion;
import io.netty.handler.stream.ChunkedInput;
import io.netty.handler.stream.ChunkedNioFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;

/** A byte range of an open file, which is closed when it was sent or is released. */
final class OpenFile extends DefaultFileRegion {
    private final FileChannel file;

    OpenFile(FileChannel file, long offset, long length) {
        super(file, offset, length);
        this.file = file;
    }

    /** Returns the range in chunks. They close the file, so that this need not be released. */
    ChunkedInput<ByteBuf> chunks(int size) {
        try {
            return new ChunkedNioFile(file, position(), count(), size);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // It is thrown for a closed file only.
        }
    }
}
