package microdot.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** The streams that a test client opened, and the checks at the end of the test. */
final class OpenStreams {
    private final List<TestStream> streams = new CopyOnWriteArrayList<>();

    TestStream add(TestStream stream) {
        streams.add(stream);
        return stream;
    }

    void timePassed() {
        streams.forEach(TestStream::timePassed);
    }

    void assertNothingLeft() {
        failWith(run(TestStream::assertNothingLeft));
    }

    /** Closes every stream, and then fails if {@link #assertNothingLeft} or a close failed. */
    void close() {
        List<AssertionError> failures = run(TestStream::assertNothingLeft);
        failures.addAll(run(TestStream::close));
        failWith(failures);
    }

    private List<AssertionError> run(Consumer<TestStream> action) {
        var failures = new ArrayList<AssertionError>();
        for (TestStream stream : streams) {
            try {
                action.accept(stream);
            } catch (AssertionError e) {
                failures.add(e);
            }
        }
        return failures;
    }

    private static void failWith(List<AssertionError> failures) {
        if (!failures.isEmpty()) {
            AssertionError first = failures.removeFirst();
            failures.forEach(first::addSuppressed);
            throw first;
        }
    }
}
