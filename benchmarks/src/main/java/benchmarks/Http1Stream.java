package benchmarks;

/** Reads the response to a request for a stream from an HTTP/1.1 connection. */
final class Http1Stream implements Connections.Bytes {
    private final Connections.Receiver receiver;
    private final HttpReader reader;
    private boolean begun;

    Http1Stream(Connections.Receiver receiver) {
        this.receiver = receiver;
        reader = new HttpReader(receiver::take);
    }

    @Override
    public void take(byte[] bytes, int from, int to) {
        reader.feed(bytes, from, to);
        if (!begun && reader.isInBody()) {
            begun = true;
            receiver.begun(reader.status());
        }
    }

    /** The connection has closed. */
    void ended() {
        receiver.ended();
    }
}
