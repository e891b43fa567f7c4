package microdot.redis;

import java.nio.charset.StandardCharsets;

/** The keys that scripts get by name; they make the others from the prefix. */
final class Keys {
    final byte[] prefix;
    final byte[] meta;
    final byte[] spine;

    Keys(String namespace) {
        prefix = utf8(namespace + ":");
        meta = utf8(namespace + ":meta");
        spine = utf8(namespace + ":spine");
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] utf8(long number) {
        return Long.toString(number).getBytes(StandardCharsets.US_ASCII);
    }
}
