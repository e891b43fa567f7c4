package microdot;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import microdot.contract.FuzzContract;

/**
 * A body is read or refused with 4xx, however its bytes arrive; the parts of a multipart body are
 * in it as they are, one after another. The first line of an input is the content type, the rest is
 * the body.
 */
class FormFuzzTest extends FuzzContract {
    private static final Microdot APP =
            new Microdot()
                    .post("/form", request -> request.form().toString())
                    .post("/text", Request::text)
                    .post("/parts", FormFuzzTest::parts)
                    .post("/json", request -> String.valueOf(request.json(Map.class)));

    FormFuzzTest() {
        super(FormFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        String text = new String(input, ISO_8859_1);
        int line = text.indexOf('\n');
        if (line < 0) {
            return;
        }
        String type = text.substring(0, line);
        byte[] body = Arrays.copyOfRange(input, line + 1, input.length);
        for (String path : List.of("/form", "/text", "/parts", "/json")) {
            if (!checkResponse(path, type, body)) {
                return;
            }
        }
        checkMultipart(type, body);
        checkQuery(new String(body, StandardCharsets.UTF_8));
    }

    private static String parts(Request request) {
        var all = new StringBuilder();
        for (Part part : request.parts()) {
            String name = String.valueOf(part.fileName());
            assertTrue(name.indexOf('/') < 0 && !name.equals(".."), name);
            all.append(part.name()).append(name).append(part.text());
        }
        return all.toString();
    }

    /** Returns false if no client can send the content type. */
    private static boolean checkResponse(String path, String type, byte[] body) {
        var headers = new Headers();
        try {
            headers.add("Content-Type", type);
        } catch (IllegalArgumentException notSent) {
            return false;
        }
        var client = new InetSocketAddress(9);
        Response response =
                APP.route(new Request("POST", path, headers, body, client, "http")).run();
        int status = response.status();
        assertTrue(status == 200 || status == 400 || status == 413 || status == 415, path + status);
        return true;
    }

    private static void checkMultipart(String type, byte[] body) throws IOException {
        String whole = multipart(type, new ByteArrayInputStream(body), body);
        assertEquals(whole, multipart(type, new Trickle(body), body));
    }

    /** Returns the parts, or why they were refused, as a text. */
    private static String multipart(String type, InputStream in, byte[] body) throws IOException {
        var storage = new PartStorage(kept -> {});
        try {
            List<Part> parts = new MultipartParser(in, type, storage).parse();
            var text = new StringBuilder();
            String boundary = new FieldParameters(type).get("boundary");
            byte[] delimiter = ("\r\n--" + boundary).getBytes(ISO_8859_1);
            int from = 0;
            for (Part part : parts) {
                byte[] content = part.stream().readAllBytes();
                text.append(part).append(new String(content, ISO_8859_1)).append('\n');
                byte[] ended = Arrays.copyOf(content, content.length + delimiter.length);
                System.arraycopy(delimiter, 0, ended, content.length, delimiter.length);
                // The first place of the delimiter is that after the content.
                assertEquals(content.length, indexOf(ended, delimiter, 0));
                int at = indexOf(body, ended, from);
                assertTrue(at >= from, () -> "not in the body: " + part);
                from = at + content.length;
            }
            return text.toString();
        } catch (HttpException refused) {
            assertTrue(refused.status() == 400 || refused.status() == 413);
            return refused.toString();
        } finally {
            storage.release();
        }
    }

    private static int indexOf(byte[] bytes, byte[] wanted, int from) {
        for (int at = from; at + wanted.length <= bytes.length; at++) {
            if (Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) {
                return at;
            }
        }
        return -1;
    }

    /** What was read is read again if it is written again. */
    private static void checkQuery(String query) {
        Map<String, List<String>> read;
        try {
            read = Query.parse(query);
        } catch (HttpException refused) {
            assertEquals(400, refused.status());
            return;
        }
        var written = new StringBuilder();
        read.forEach(
                (name, values) ->
                        values.forEach(
                                value ->
                                        written.append('&')
                                                .append(encode(name))
                                                .append('=')
                                                .append(encode(value))));
        assertEquals(read, Query.parse(written.toString()));
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /** Gives one byte at a time. */
    private static final class Trickle extends FilterInputStream {
        Trickle(byte[] bytes) {
            super(new ByteArrayInputStream(bytes));
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            return super.read(bytes, from, Math.min(length, 1));
        }
    }
}
