package microdot;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MultipartParserTest {
    private static final String TYPE = "multipart/form-data; boundary=b";
    private static final String TITLE = part("name=\"title\"", "My cat");
    private static final String FILE =
            part(
                    "name=\"file\"; filename=\"cat.txt\"\r\nContent-Type: text/plain",
                    "line 1\r\n--line 2\n--b\r\n-b\r\n");
    private static final String END = "--b--";

    private static String part(String disposition, String content) {
        return "--b\r\nContent-Disposition: form-data; "
                + disposition
                + "\r\n\r\n"
                + content
                + "\r\n";
    }

    private long kept;
    private final PartStorage storage = new PartStorage(bytes -> kept = bytes);

    @AfterEach
    void release() {
        storage.release();
    }

    private List<Part> read(String body) throws IOException {
        return read(body.getBytes(ISO_8859_1));
    }

    private List<Part> read(byte[] body) throws IOException {
        return parse(TYPE, new ByteArrayInputStream(body));
    }

    private List<Part> parse(String type, InputStream body) throws IOException {
        return new MultipartParser(body, type, storage).parse();
    }

    private void assertRefused(int status, String body) {
        var refusal = assertThrows(HttpException.class, () -> read(body), body);
        assertEquals(status, refusal.status());
    }

    @Test
    void fieldsAndFilesAreReadInOrder() throws Exception {
        List<Part> parts = read(TITLE + FILE + END + "\r\n");
        assertEquals(2, parts.size());
        assertEquals("title", parts.get(0).name());
        assertNull(parts.get(0).fileName());
        assertNull(parts.get(0).contentType());
        assertEquals("My cat", parts.get(0).text());
        assertEquals("file", parts.get(1).name());
        assertEquals("cat.txt", parts.get(1).fileName());
        assertEquals("text/plain", parts.get(1).contentType());
        assertEquals("line 1\r\n--line 2\n--b\r\n-b\r\n", parts.get(1).text());
    }

    /** The bytes arrive one by one: each position is once the end of what the decoder was given. */
    @Test
    void bodyByteByByteHasTheSameParts() throws Exception {
        byte[] body = (TITLE + FILE + END).getBytes(ISO_8859_1);
        var slow =
                new ByteArrayInputStream(body) {
                    @Override
                    public synchronized int read(byte[] to, int from, int length) {
                        return super.read(to, from, Math.min(1, length));
                    }
                };
        List<Part> parts = parse(TYPE, slow);
        assertEquals("My cat", parts.get(0).text());
        assertEquals("line 1\r\n--line 2\n--b\r\n-b\r\n", parts.get(1).text());
        assertEquals(2, parts.size());
    }

    @Test
    void bodyThatEndsBeforeItsLastBoundaryIsRefused() throws Exception {
        String body = TITLE + FILE + END;
        for (int end = 0; end < body.length(); end++) {
            assertRefused(400, body.substring(0, end));
        }
        assertEquals(2, read(body).size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "multipart/form-data;boundary=\"a b\"",
                "Multipart/Form-Data; charset=x; Boundary=\"a b\"; more=1",
            })
    void boundaryMayBeQuoted(String type) throws Exception {
        byte[] body = (TITLE + END).replace("--b", "--a b").getBytes(UTF_8);
        assertEquals("My cat", parse(type, new ByteArrayInputStream(body)).getFirst().text());
    }

    @Test
    void whatIsAroundThePartsIsIgnored() throws Exception {
        String body = "before\r\n" + TITLE.replaceFirst("--b", "--b \t") + END + "\r\nafter --b";
        assertEquals("My cat", read(body).getFirst().text());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\r",
                "\n",
                "\r\n",
                "x\r",
                "x\r\n-",
                "x\r\n--",
                "\r\n\r\n--B",
                "--b",
                "--b--",
                "\r--b\r\n",
                "\n--b--\r\n",
                "\r\r\n--\r\n"
            })
    void contentThatResemblesABoundaryIsKept(String content) throws Exception {
        List<Part> parts = read(part("name=a", content) + TITLE + END);
        assertEquals(content, parts.get(0).text());
        assertEquals("My cat", parts.get(1).text());
    }

    /** The delimiter is once at each place of the buffer's end. */
    @Test
    void delimiterMayCrossTheEndOfTheBuffer() throws Exception {
        for (int size = (16 << 10) - 80; size < (16 << 10) + 10; size++) {
            String content = "\r".repeat(size);
            List<Part> parts = read(part("name=a", content) + TITLE + END);
            assertEquals(size, parts.get(0).text().length());
            assertEquals("My cat", parts.get(1).text());
        }
    }

    @Test
    void boundaryMayHaveAnyCharacterOfTheStandard() throws Exception {
        String boundary = "gc0p'()+_,-./:=? 4";
        byte[] body = (TITLE + END).replace("--b", "--" + boundary).getBytes(UTF_8);
        String type = "multipart/form-data; boundary=\"" + boundary + "\"";
        assertEquals("My cat", parse(type, new ByteArrayInputStream(body)).getFirst().text());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "filename=\"a\"; filename*=UTF-8''%C3%A9.txt | é.txt",
                "filename*=utf-8'en'b%20c.txt; filename=a | b c.txt",
                "filename*=\"UTF-8''d.txt\" | d.txt",
                "filename*=iso-8859-1''%A3.txt; filename=\"plain.txt\" | plain.txt",
                "filename*=UTF-8''a%2F..%5C%2Fe.txt | e.txt",
                "filename*=UTF-8''%00.txt | _.txt",
                "FileName=\"f.txt\" | f.txt"
            })
    void fileNameIsReadInEachForm(String parameters, String name) throws Exception {
        String part = part("name=f; " + parameters, "x");
        assertEquals(name, read(part + END).getFirst().fileName());
    }

    @Test
    void formMayBeEmpty() throws Exception {
        assertEquals(List.of(), read(END + "\r\n"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no boundary at all",
                "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
                "--b\r\nContent-Disposition: file; name=a\r\n\r\nx\r\n--b--",
                "--b\r\n\r\nx\r\n--b--",
                "--b\nContent-Disposition: form-data; name=a\n\nx\n--b--",
                "--b\r\nContent-Disposition: form-data; name=a\r\n folded: x\r\n\r\nx\r\n--b--",
                "--b\r\nContent-Disposition: form-data; name=a\0\r\n\r\nx\r\n--b--",
                "--b\r\nContent-Disposition: form-data; name=a\r\nX\r\n\r\nx\r\n--b--",
                "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b2\r\n--b--",
                "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b-\r\n--b--",
                "--b\r\nContent-Disposition: form-data; name=a; filename*=UTF-8''%zz\r\n\r\n\r\n--b--"
            })
    void malformedBodyIsRefused(String body) {
        assertRefused(400, body);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "multipart/form-data",
                "multipart/form-data; boundary=",
                "multipart/form-data; boundary",
                "multipart/form-data; boundary=\"\"",
                "multipart/form-data; bound=b"
            })
    void contentTypeWithoutABoundaryIsRefused(String type) {
        var refusal =
                assertThrows(
                        HttpException.class,
                        () -> parse(type, new ByteArrayInputStream(END.getBytes(UTF_8))));
        assertEquals(400, refusal.status());
    }

    @Test
    void partsBeyondTheLimitAreRefused() throws Exception {
        assertEquals(128, read(TITLE.repeat(128) + END).size());
        assertRefused(413, TITLE.repeat(129) + END);
    }

    @Test
    void fieldsOfAPartBeyondTheLimitAreRefused() {
        String field = "--b\r\nContent-Disposition: form-data; name=\"" + "x".repeat(20_000);
        assertRefused(400, field + "\"\r\n\r\nx\r\n--b--");
        assertRefused(400, field);
        assertRefused(400, "--b\r\n" + "X: y\r\n".repeat(100_000));
    }

    @Test
    void contentOfAnySizeIsKeptExactly() throws Exception {
        long seed = Long.getLong("microdot.test.seed", System.nanoTime());
        System.out.println("microdot.test.seed=" + seed);
        var random = new Random(seed);
        var body = new ByteArrayOutputStream();
        byte[][] contents = new byte[20][];
        int[] sizes = {0, 1, 8191, 8192, 65_535, 65_536, 65_537, 300_000};
        for (int i = 0; i < contents.length; i++) {
            contents[i] = content(random, i < sizes.length ? sizes[i] : random.nextInt(200_000));
            String whole = part("name=f; filename=f", "");
            body.writeBytes(whole.substring(0, whole.length() - 2).getBytes(UTF_8));
            body.writeBytes(contents[i]);
            body.writeBytes("\r\n".getBytes(UTF_8));
        }
        body.writeBytes(END.getBytes(UTF_8));
        List<Part> parts = read(body.toByteArray());
        assertEquals(contents.length, parts.size());
        for (int i = 0; i < contents.length; i++) {
            for (int again = 0; again < 2; again++) {
                try (InputStream in = parts.get(i).stream()) {
                    assertArrayEquals(contents[i], in.readAllBytes(), "part " + i);
                }
            }
        }
    }

    /** Content that looks like the beginning of a boundary, again and again. */
    private static byte[] content(Random random, int size) {
        byte[] content = new byte[size];
        String likely = "\r\n--bx";
        for (int i = 0; i < size; i++) {
            content[i] = (byte) likely.charAt(random.nextInt(likely.length()));
        }
        String text = new String(content, ISO_8859_1).replace("\r\n--b", "\r\n--x");
        return text.getBytes(ISO_8859_1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cat.txt | cat.txt",
                "../../etc/passwd | passwd",
                "C:\\Users\\me\\cat.txt | cat.txt",
                "C:\\\\Users\\\\cat.txt | cat.txt",
                "..\\..\\x/../y.txt | y.txt",
                "a=b;c,d:e%22.txt | a=b;c,d:e%22.txt",
                "a\\\"b.txt | a\"b.txt",
                ".. | _",
                "a/.. | _",
                "Zoë.txt | Zoë.txt"
            })
    void fileNameIsReducedToItsLastSegment(String sent, String name) throws Exception {
        String part = part("name=\"f\"; filename=\"" + sent + "\"", "x");
        List<Part> parts = read((part + END).getBytes(UTF_8));
        assertEquals(name, parts.getFirst().fileName());
    }

    @Test
    void fileNameMayBeEncoded() throws Exception {
        String part = part("name=f; filename*=UTF-8''..%2Fna%C3%AFve.txt", "x");
        assertEquals("naïve.txt", read(part + END).getFirst().fileName());
    }

    @Test
    void fieldForWhichNoFileWasChosenHasNoFileName() throws Exception {
        String type = "\r\nContent-Type: application/octet-stream";
        String part = part("name=\"f\"; filename=\"\"" + type, "");
        List<Part> parts = read(part + END);
        assertNull(parts.getFirst().fileName());
        assertEquals("", parts.getFirst().text());
    }

    @Test
    void nameIsKeptAsItWasSent() throws Exception {
        String part = part("name=\"a:b[c]=d; e, 名\"", "x");
        assertEquals("a:b[c]=d; e, 名", read((part + END).getBytes(UTF_8)).getFirst().name());
    }

    @Test
    void largeTextAndUnknownCharsetAreRefusedWhenTheyAreRead() throws Exception {
        String large = part("name=a", "x".repeat(Part.MAX_TEXT_BYTES + 1));
        String klingon = part("name=b\r\nContent-Type: a/b; charset=klingon", "x");
        List<Part> parts = read(large + klingon + END);
        var tooLarge = assertThrows(HttpException.class, parts.get(0)::text);
        assertEquals(413, tooLarge.status());
        assertEquals(415, assertThrows(HttpException.class, parts.get(1)::text).status());
        try (InputStream in = parts.get(0).stream()) {
            assertEquals(Part.MAX_TEXT_BYTES + 1, in.readAllBytes().length);
        }
    }

    @Test
    void storedPartsAreDeletedWithTheirRequest() throws Exception {
        List<Part> parts = read(part("name=a", "x".repeat(100_000)) + TITLE + END);
        assertTrue(storage.hasFiles());
        storage.release();
        assertThrows(NoSuchFileException.class, () -> parts.get(0).stream());
        assertThrows(IOException.class, () -> read(part("name=a", "x".repeat(100_000)) + END));
        assertFalse(storage.hasFiles());
    }

    @Test
    void memoryOfThePartsIsCounted() throws Exception {
        read(part("name=a", "x".repeat(60_000)) + END);
        assertTrue(kept > 60_000, () -> "" + kept);
        long first = kept;
        read(part("name=a", "x".repeat(1_000_000)) + END); // In a file.
        assertTrue(kept - first < 10_000, () -> first + " to " + kept);
        long second = kept;
        read(part("name=" + "x".repeat(5000), "") + END);
        assertTrue(kept - second > 5000, () -> second + " to " + kept);
    }

    @Test
    void textIsDecodedByTheCharsetOfItsPart() throws Exception {
        String latin = part("name=a\r\nContent-Type: text/plain; charset=ISO-8859-1", "ä");
        String utf8 = new String(part("name=ä", "ä").getBytes(UTF_8), ISO_8859_1);
        List<Part> parts = read(latin + utf8 + END);
        assertEquals("ä", parts.get(0).text());
        assertEquals("ä", parts.get(1).text());
        assertEquals("ä", parts.get(1).name());
    }

    @Test
    void failureOfTheBodyIsNotTakenForAMalformedOne() {
        var failing =
                new InputStream() {
                    @Override
                    public int read() {
                        throw new HttpException(408, "slow");
                    }

                    @Override
                    public int read(byte[] to, int from, int length) {
                        return read();
                    }
                };
        var failure = assertThrows(HttpException.class, () -> parse(TYPE, failing));
        assertEquals(408, failure.status());
    }

    @Test
    void garbageIsReadOrRefused() {
        long seed = Long.getLong("microdot.test.seed", System.nanoTime());
        System.out.println("microdot.test.seed=" + seed);
        var random = new Random(seed);
        String valid = TITLE + FILE + TITLE + END;
        String likely = "\r\n \t:;,-b\"=\0/";
        for (int i = 0; i < 3000; i++) {
            byte[] bytes = valid.getBytes(ISO_8859_1);
            for (int n = random.nextInt(8); n >= 0; n--) {
                bytes[random.nextInt(bytes.length)] =
                        (byte) likely.charAt(random.nextInt(likely.length()));
            }
            try {
                read(bytes);
            } catch (HttpException e) {
                assertEquals(400, e.status(), () -> "seed " + seed);
            } catch (Exception e) {
                throw new AssertionError("seed " + seed + ": " + new String(bytes, ISO_8859_1), e);
            } finally {
            }
        }
    }

    @Test
    void fileNameOfTheClientThatIsTooLongIsA400(@TempDir Path folder) throws IOException {
        String name = "n".repeat(300);
        var part = new Part("f", name, null, () -> new ByteArrayInputStream(new byte[] {1}));
        var refused = assertThrows(HttpException.class, () -> part.saveTo(folder.resolve(name)));
        assertEquals(400, refused.status());
        assertEquals("file name: 300 bytes (expected: at most 255)", refused.getMessage());
        // A name of the application is its own fault.
        assertThrows(FileSystemException.class, () -> part.saveTo(folder.resolve("m".repeat(300))));
        part.saveTo(folder.resolve("short"));
        assertEquals(1, Files.size(folder.resolve("short")));
    }

    /** In lower case, each of these letters is two characters. */
    @Test
    void charsetIsFoundAfterLettersThatGrowInLowerCase() throws Exception {
        String type = "text/plain; \u0130\u0130\u0130\u0130; CHARSET=utf-16be";
        String text = part("name=\"a\"\r\nContent-Type: " + type, "\u0000a") + END;
        assertEquals("a", read(text.getBytes(UTF_8)).getFirst().text());
    }
}
