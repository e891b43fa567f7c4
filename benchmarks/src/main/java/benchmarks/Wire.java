package benchmarks;

/** What is spoken between the client and the servers. */
enum Wire {
    /** HTTP/1.1 without TLS. */
    PLAIN("HTTP/1.1"),

    /** HTTP/1.1 over TLS. */
    TLS("HTTP/1.1 over TLS"),

    /** HTTP/2 over TLS, chosen by ALPN. */
    HTTP2("HTTP/2 over TLS");

    final String text;

    Wire(String text) {
        this.text = text;
    }

    boolean isSecure() {
        return this != PLAIN;
    }
}
