package microdot.sse;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import microdot.BodySink;
import microdot.contract.BodySinkContract;
import org.jspecify.annotations.Nullable;

class InProcessSinkTest extends BodySinkContract {
    private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private @Nullable InProcessSink sink;

    @Override
    protected BodySink open() {
        sink = new InProcessSink(events::add, events::isEmpty, () -> {}, more -> {});
        return sink;
    }

    @Override
    protected List<String> received(int count) throws InterruptedException {
        var data = new ArrayList<String>();
        while (data.size() < count) {
            // Its reader asks for more once it has taken what there is.
            Objects.requireNonNull(sink).request();
            data.add(events.take().data().toString());
        }
        return data;
    }
}
