package microdot.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/** The Lua scripts: each is one step of the engine. */
enum Script {
    APPEND,
    READ,
    LATEST,
    KEPT,
    FIND,
    RETAIN,
    TRIM,
    SWEEP,
    CHECK,
    LOSE,
    LEAVE,
    NEXT;

    private final String source;
    private final String digest;

    Script() {
        String own = load(name().toLowerCase(Locale.ROOT) + ".lua");
        source = name().equals("APPEND") ? own : load("common.lua") + own;
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-1")
                            .digest(source.getBytes(StandardCharsets.UTF_8));
            digest = HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-1: not there (expected: in every Java)", e);
        }
    }

    private static String load(String name) {
        try (InputStream in = Script.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(
                        "script: " + name + " is not in the jar (expected: microdot-redis whole)");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String source() {
        return source;
    }

    /** Returns the name under which the server knows the script. */
    String digest() {
        return digest;
    }
}
