package e2e;

/** How a client speaks to the server. */
enum Wire {
    HTTP_1(false, false),
    HTTP_1_TLS(true, false),
    /** By prior knowledge. */
    HTTP_2(false, true),
    /** By ALPN. */
    HTTP_2_TLS(true, true);

    final boolean tls;
    final boolean http2;

    Wire(boolean tls, boolean http2) {
        this.tls = tls;
        this.http2 = http2;
    }

    String scheme() {
        return tls ? "https" : "http";
    }
}
