package microdot.netty;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import microdot.Body;
import microdot.BodySink;
import microdot.Microdot;
import microdot.Response;
import microdot.contract.BodySinkContract;
import org.junit.jupiter.api.AfterEach;

/** The contract over a real connection. */
class ChannelSinkTest extends BodySinkContract {
    private static final Pattern DATA = Pattern.compile("data: (.*)\n");

    private final CompletableFuture<BodySink> opened = new CompletableFuture<>();
    private final CountDownLatch done = new CountDownLatch(1);
    private final Served served =
            Served.of(
                    new Microdot()
                            .get("/", request -> new Response(new Body.Stream(this::writeTo))));
    private final RawClient client;

    ChannelSinkTest() throws IOException {
        client = served.client();
    }

    private void writeTo(BodySink sink) throws InterruptedException {
        opened.complete(sink);
        done.await();
    }

    @Override
    protected BodySink open() throws Exception {
        client.get("/").readHead();
        return opened.get(10, TimeUnit.SECONDS);
    }

    @Override
    protected List<String> received(int count) throws Exception {
        var text = new StringBuilder();
        List<String> data = List.of();
        while (data.size() < count) {
            text.append(client.readTo("\n\n"));
            data = DATA.matcher(text).results().map(ChannelSinkTest::data).toList();
        }
        return data;
    }

    private static String data(MatchResult found) {
        return found.group(1);
    }

    @AfterEach
    void close() throws Exception {
        done.countDown();
        client.close();
        served.close();
    }
}
