package microdot.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import microdot.BodySink;
import microdot.ServerOptions;
import microdot.contract.BodySinkContract;

class StreamSinkTest extends BodySinkContract {
    private final Received received = new Received(Duration.ofSeconds(10));

    @Override
    protected BodySink open() {
        return new StreamSink(received, false, new VirtualClock(), new ServerOptions());
    }

    @Override
    protected List<String> received(int count) {
        var data = new ArrayList<String>();
        while (data.size() < count) {
            data.add(received.next().data().toString());
        }
        return data;
    }
}
