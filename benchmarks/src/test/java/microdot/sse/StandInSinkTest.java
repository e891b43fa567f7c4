package microdot.sse;

import java.util.ArrayList;
import java.util.List;
import microdot.BodySink;
import microdot.contract.BodySinkContract;

class StandInSinkTest extends BodySinkContract {
    private final StandInLoop loop = new StandInLoop();
    private final List<String> data = new ArrayList<>();
    private final EventParser parser = new EventParser(event -> data.add(event.data().toString()));

    @Override
    protected BodySink open() {
        return new StandInSink(loop) {
            @Override
            void take(byte[] bytes, int from, int to) {
                parser.feed(bytes, from, to - from);
            }
        };
    }

    @Override
    protected boolean ends() {
        return false;
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
