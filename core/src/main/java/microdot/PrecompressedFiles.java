package microdot;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Sends a compressed file instead of the file beside which it lies ({@code page.css.br} for {@code
 * page.css}), to clients that accept its encoding (RFC 9110, section 12.5.3).
 */
final class PrecompressedFiles {
    private enum Encoding {
        BR("br", ".br"),
        GZIP("gzip", ".gz");

        private final String name;
        private final String ending;

        Encoding(String name, String ending) {
            this.name = name;
            this.ending = ending;
        }
    }

    private PrecompressedFiles() {}

    static Response apply(Request request, Response response) {
        boolean read = request.method().equals("GET") || request.method().equals("HEAD");
        if (!read
                || !response.mayBePrecompressed()
                || !(response.body() instanceof Body.File file)) {
            return response;
        }
        boolean varies = false;
        for (Encoding encoding : Encoding.values()) {
            Path encoded = file.path().resolveSibling(file.path().getFileName() + encoding.ending);
            if (!Files.isRegularFile(encoded)) {
                continue;
            }
            if (!varies) {
                response.headers().add("Vary", "Accept-Encoding");
                varies = true;
            }
            if (accepts(request, encoding.name)) {
                return encoded(response, encoded, encoding.name);
            }
        }
        return response;
    }

    private static Response encoded(Response response, Path file, String encoding) {
        StaticFiles.Found found = StaticFiles.file(file);
        response.headers().set("ETag", found.tag()).set("Content-Encoding", encoding);
        return response.body(found.body());
    }

    private static boolean accepts(Request request, String encoding) {
        boolean any = false;
        for (String line : request.headers().all("Accept-Encoding")) {
            for (String item : line.toLowerCase(Locale.ROOT).split(",", -1)) {
                String[] parts = item.split(";", -1);
                String name = parts[0].strip();
                boolean refused = parts.length > 1 && parts[1].strip().matches("q=0(\\.0*)?");
                if (name.equals(encoding)) {
                    return !refused;
                }
                any |= name.equals("*") && !refused;
            }
        }
        return any;
    }
}
