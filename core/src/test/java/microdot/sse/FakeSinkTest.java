package microdot.sse;

import java.util.ArrayList;
import java.util.List;
import microdot.BodySink;
import microdot.contract.BodySinkContract;

class FakeSinkTest extends BodySinkContract {
    private final TestLoop loop = new TestLoop();
    private final List<String> data = new ArrayList<>();
    private final EventParser parser = new EventParser(event -> data.add(event.data().toString()));

    @Override
    protected BodySink open() {
        return new FakeSink(loop, parser::feed);
    }

    @Override
    protected void runLoop() {
        loop.run();
    }

    @Override
    protected List<String> received(int count) {
        List<String> received = List.copyOf(data);
        data.clear();
        return received;
    }
}
