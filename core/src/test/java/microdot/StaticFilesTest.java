package microdot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StaticFilesTest {
    @TempDir private Path above;
    private Path folder = Path.of("");

    @BeforeEach
    void files() throws IOException {
        folder = Files.createDirectories(above.resolve("public"));
        Files.writeString(above.resolve("secret.txt"), "secret");
        Files.createDirectories(above.resolve("public-too"));
        Files.writeString(above.resolve("public-too/secret.txt"), "secret");
        Files.writeString(folder.resolve("page.html"), "page");
        Files.createDirectories(folder.resolve("sub/empty"));
        Files.writeString(folder.resolve("sub/index.html"), "index");
    }

    private static String content(Response response) throws IOException {
        Body.File file = assertInstanceOf(Body.File.class, response.body());
        assertEquals(0, file.offset());
        assertEquals(Files.size(file.path()), file.length());
        return Files.readString(file.path());
    }

    private static void absent(Executable call) {
        assertEquals(404, assertThrows(HttpException.class, call).status());
    }

    @Test
    void folderWithoutASlashIsRedirected() {
        Response response = Response.file(folder, "sub");
        assertEquals(301, response.status());
        assertEquals("sub/", response.headers().get("Location"));
        absent(() -> Response.file(folder, "page.html/"));
        absent(() -> Response.file(folder, "sub/index.html/"));
    }

    @Test
    void folderOfTheRouteIsRedirectedToo() {
        var app =
                new Microdot()
                        .get("/files/{f:path}", r -> Response.file(folder, r.param("f")))
                        .get("/classes/{f:path}", r -> resource(r.param("f")))
                        .get("/one", r -> Response.file(folder.resolve("sub"), ""));
        for (String path : List.of("/files/sub", "/classes", "/classes/sub")) {
            Response response = app.route(Calls.get(path)).run();
            assertEquals(301, response.status());
            String last = path.substring(path.lastIndexOf('/') + 1);
            assertEquals(last + "/", response.headers().get("Location"));
            Response withQuery = app.route(Calls.get(path + "?a=1&b=%20x")).run();
            assertEquals(last + "/?a=1&b=%20x", withQuery.headers().get("Location"));
        }
        assertEquals(200, app.route(Calls.get("/classes/")).run().status());
        assertEquals(200, app.route(Calls.get("/files/sub/")).run().status());
        assertEquals(200, app.route(Calls.get("/one")).run().status()); // It has no slash to add.
    }

    @Test
    void dotFilesAreServedOnlyIfAllowed() throws IOException {
        Files.writeString(folder.resolve(".env"), "secret");
        Files.createDirectories(folder.resolve(".git"));
        Files.writeString(folder.resolve(".git/config"), "secret");
        Files.createDirectories(folder.resolve(".well-known"));
        Files.writeString(folder.resolve(".well-known/security.txt"), "public");
        absent(() -> Response.file(folder, ".env"));
        absent(() -> Response.file(folder, ".git/config"));
        absent(() -> Response.file(folder, "sub/../.env"));
        assertEquals("public", content(Response.file(folder, ".well-known/security.txt")));
        assertEquals("secret", content(Response.file(folder, ".env", true)));
    }

    @Test
    void browserMayNotGuessTheType() {
        Response response = Response.file(folder, "page.html");
        assertEquals("nosniff", response.headers().get("X-Content-Type-Options"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gzip, deflate, br|br|page.html.br",
                "gzip|gzip|page.html.gz",
                "br;q=0, gzip;q=0.5|gzip|page.html.gz",
                "*|br|page.html.br",
                "identity||page.html",
                "br;q=0,gzip;q=0.0||page.html",
                "||page.html"
            })
    void precompressedFileIsSentToClientsThatAcceptIt(
            @Nullable String accepted, @Nullable String encoding, String name) throws IOException {
        Files.writeString(folder.resolve("page.html.br"), "as br");
        Files.writeString(folder.resolve("page.html.gz"), "as gzip");
        var app = new Microdot().get("/{f:path}", r -> Response.file(folder, r.param("f")));
        String[] fields =
                accepted == null ? new String[0] : new String[] {"Accept-Encoding", accepted};
        Response response = app.route(Calls.get("/page.html", fields)).run();
        assertEquals(
                name,
                assertInstanceOf(Body.File.class, response.body()).path().getFileName().toString());
        assertEquals(encoding, response.headers().get("Content-Encoding"));
        assertEquals("Accept-Encoding", response.headers().get("Vary"));
        assertEquals("text/html; charset=UTF-8", response.headers().get("Content-Type"));
        String tag = String.valueOf(response.headers().get("ETag"));
        boolean plain = encoding == null;
        assertEquals(plain, tag.equals(Response.file(folder, "page.html").headers().get("ETag")));
    }

    @Test
    void fileWithoutCompressedOnesDoesNotVary() {
        var app = new Microdot().get("/{f:path}", r -> Response.file(folder, r.param("f")));
        assertNull(app.route(Calls.get("/page.html")).run().headers().get("Vary"));
    }

    @ParameterizedTest
    @CsvSource({
        "page.html, page",
        "sub/index.html, index",
        "sub/, index",
        "./page.html, page",
        "sub/../page.html, page"
    })
    void fileInTheFolderIsFound(String path, String text) throws IOException {
        assertEquals(text, content(Response.file(folder, path)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "none",
                "..",
                "../",
                "../secret.txt",
                "sub/../../secret.txt",
                "../public-too/secret.txt",
                "../public/../secret.txt",
                "..\\secret.txt",
                "sub\\index.html",
                "/etc/passwd",
                "//etc/passwd",
                "file:///etc/passwd",
                "page.html\0",
                "\0",
                "page.html\0.png",
                "sub/empty",
                "~/page.html"
            })
    void pathOutsideTheFolderIsNotFound(String path) {
        absent(() -> Response.file(folder, path));
    }

    @Test
    void absolutePathDoesNotLeaveTheFolder() {
        absent(() -> Response.file(folder, above.resolve("secret.txt").toString()));
    }

    @Test
    void linkOutOfTheFolderIsNotFollowed() throws IOException {
        Files.createSymbolicLink(folder.resolve("out"), above.resolve("secret.txt"));
        Files.createSymbolicLink(folder.resolve("up"), above);
        Files.createSymbolicLink(folder.resolve("loop"), folder.resolve("loop"));
        Files.createSymbolicLink(folder.resolve("in"), folder.resolve("page.html"));
        absent(() -> Response.file(folder, "out"));
        absent(() -> Response.file(folder, "up/secret.txt"));
        absent(() -> Response.file(folder, "loop"));
        assertEquals("page", content(Response.file(folder, "in")));
    }

    @Test
    void folderMayBeALink() throws IOException {
        Path link = Files.createSymbolicLink(above.resolve("link"), folder);
        assertEquals("page", content(Response.file(link, "page.html")));
    }

    @Test
    void encodedPathDoesNotLeaveTheFolder() {
        var app = new Microdot();
        app.get("/{path:path}", request -> Response.file(folder, request.param("path")));
        for (String target :
                new String[] {
                    "/../secret.txt",
                    "/%2e%2e/secret.txt",
                    "/..%2fsecret.txt",
                    "/%2e%2e%2fsecret.txt",
                    "/%252e%252e%252fsecret.txt",
                    "/..%5csecret.txt",
                    "/%2fetc%2fpasswd",
                    "//etc/passwd",
                    "/sub/..%2f../secret.txt"
                }) {
            assertEquals("404 Not Found", Calls.answer(app, target), target);
        }
        assertEquals(400, assertThrows(HttpException.class, () -> Calls.get("/a%00")).status());
        assertEquals(200, Calls.call(app, "/page.html").status());
    }

    @Test
    void singleFileHasTypeTagAndDate() throws IOException {
        Path page = folder.resolve("page.html");
        Files.setLastModifiedTime(page, FileTime.from(Instant.parse("1994-11-06T08:49:37Z")));
        Response response = Response.file(page);
        assertEquals("page", content(response));
        assertEquals("Sun, 06 Nov 1994 08:49:37 GMT", response.headers().get("Last-Modified"));
        assertEquals("bytes", response.headers().get("Accept-Ranges"));
        absent(() -> Response.file(folder));
        absent(() -> Response.file(folder.resolve("none")));
    }

    @Test
    void changedFileHasAnotherTag() throws IOException {
        Path page = folder.resolve("page.html");
        String first = String.valueOf(Response.file(page).headers().get("ETag"));
        assertEquals(first, Response.file(page).headers().get("ETag"));
        Files.writeString(page, "changed");
        assertNotEquals(first, Response.file(page).headers().get("ETag"));
    }

    @ParameterizedTest
    @CsvSource({
        "a.html, text/html; charset=UTF-8",
        "a.CSS, text/css; charset=UTF-8",
        "a.min.js, text/javascript; charset=UTF-8",
        "a.mjs, text/javascript; charset=UTF-8",
        "a.json, application/json",
        "a.svg, image/svg+xml",
        "a.png, image/png",
        "a.woff2, font/woff2",
        "a.wasm, application/wasm",
        "a.unheard-of, application/octet-stream",
        "html, application/octet-stream",
        ".html, text/html; charset=UTF-8"
    })
    void contentTypeFollowsTheName(String name, String type) throws IOException {
        Path file = Files.writeString(folder.resolve(name), "");
        assertEquals(type, Response.file(file).headers().get("Content-Type"));
    }

    // ---- Class path ----

    private static Response resource(String path) {
        return Response.resource(StaticFilesTest.class, "/static", path);
    }

    @ParameterizedTest
    @CsvSource({
        "'', <p>root</p>",
        "index.html, <p>root</p>",
        "page.css, body{}",
        "sub/, sub",
        "a b.txt, text"
    })
    void resourceInTheFolderIsFound(String path, String text) {
        assertEquals(text, Calls.text(resource(path)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "none",
                "..",
                "../secret.txt",
                "sub/../../secret.txt",
                "..\\secret.txt",
                "sub\\..\\page.css",
                "file:/etc/passwd",
                "page.css\0",
                "%2e%2e/secret.txt",
                "/../secret.txt",
                "page.css/"
            })
    void resourceOutsideTheFolderIsNotFound(String path) {
        absent(() -> resource(path));
    }

    @Test
    void folderOfTheClassPathIsNotListed() {
        absent(() -> Response.resource(StaticFilesTest.class, "/", "static/none"));
        absent(() -> Response.resource(StaticFilesTest.class, "/wire", ""));
        absent(() -> Response.resource(StaticFilesTest.class, "/wire", "text"));
        absent(() -> Response.resource(StaticFilesTest.class, "/org/junit/jupiter", "api"));
    }

    @Test
    void resourceHasTypeAndTag() {
        Response response = resource("page.css");
        assertEquals("text/css; charset=UTF-8", response.headers().get("Content-Type"));
        assertEquals(resource("page.css").headers().get("ETag"), response.headers().get("ETag"));
        assertNotEquals(resource("sub/").headers().get("ETag"), response.headers().get("ETag"));
        assertNull(response.headers().get("Last-Modified"));
    }
}
