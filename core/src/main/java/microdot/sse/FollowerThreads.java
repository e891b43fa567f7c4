package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import microdot.BodySink;
import microdot.CloseReason;
import microdot.internal.ProcessErrors;
import microdot.internal.Quoted;
import org.jspecify.annotations.Nullable;

/**
 * Runs what a follower needs on its loop and on other threads, and stops it when the client has
 * left. A superclass and not a part, so that a follower takes no second object.
 */
abstract class FollowerThreads implements Waiter {
    private static final Logger LOG = System.getLogger("microdot.sse");

    final BodySink sink;

    /** Stops what runs for this client on other threads; null for nothing. */
    private volatile @Nullable Runnable stop;

    FollowerThreads(BodySink sink) {
        this.sink = sink;
    }

    /**
     * Runs code of the application on its own thread, which may block. A failure ends the stream.
     *
     * @param topics the topics' names, for the log
     */
    void onThread(List<String> topics, Runnable task) {
        Thread.ofVirtual().name("microdot-topics").start(() -> guarded(topics, task));
    }

    /** Runs the task, which runs no code of the application, on a thread that may block. */
    void onFrameworkThread(List<String> topics, Runnable task) {
        // What fails there is the framework, and not code of the application.
        FrameworkThreads.EXECUTOR.execute(() -> guarded(topics, () -> ProcessErrors.checked(task)));
    }

    /**
     * Runs the catch-up of a topic. What may wait for code of the application, which makes a
     * snapshot, or for the engine of a store takes none of the framework's threads.
     */
    void catchUp(TopicState topic, Runnable task) {
        SnapshotSource snapshots = topic.snapshots();
        boolean mayWait = topic.waitsForStore() || (snapshots != null && snapshots.runsUserCode());
        if (!mayWait) {
            onFrameworkThread(List.of(topic.name), task);
        } else {
            onThread(List.of(topic.name), task);
        }
    }

    /** Runs the task on this thread. A failure ends the stream. */
    void guarded(List<String> topics, Runnable task) {
        try {
            task.run();
        } catch (CancellationException e) {
            sink.abort(); // The client has left.
        } catch (EngineAwayException e) {
            EngineWait engine = e.await();
            if (engine == null) {
                sink.abort(CloseReason.TOPIC_CLOSED);
            } else {
                awaitEngine(engine, topics, task);
            }
        } catch (SnapshotTicket.Failed e) {
            sink.abort(); // Logged once, and not for each client that waits.
        } catch (RuntimeException | Error e) {
            LOG.log(
                    // A client that leaves interrupts what is computed for it.
                    sink.isOpen() ? Level.ERROR : Level.DEBUG,
                    "a follower of topics "
                            + topics.stream().map(Quoted::whole).toList()
                            + " could not be served; its connection was closed",
                    e);
            sink.abort();
        }
    }

    /** Runs the task again when the engine can be read; the stream stays open meanwhile. */
    private void awaitEngine(EngineWait engine, List<String> topics, Runnable task) {
        Runnable again =
                () -> {
                    stopWith(null);
                    onThread(topics, task);
                };
        stopWith(() -> engine.remove(again));
        if (!engine.add(again)) {
            again.run();
        } else if (!sink.isOpen()) {
            engine.remove(again); // The client has left in between.
        }
    }

    /** From any thread. */
    void onLoop(Runnable task) {
        try {
            sink.loop().execute(task);
        } catch (RejectedExecutionException e) {
            sink.abort(CloseReason.SERVER_CLOSING);
        }
    }

    @Override
    public void stopWith(@Nullable Runnable action) {
        assert action == null || stop == null : "two things run for one client";
        stop = action;
        // Set the field before looking: if the stream ends after the look, its end finds the
        // action.
        if (action != null && !sink.isOpen()) {
            action.run();
        }
    }

    /** Closes the connection, after what its event loop has to deliver now. From any thread. */
    void disconnect() {
        onLoop(sink::abort);
    }

    /** The stream has ended. From any thread. */
    void stop() {
        Runnable action = stop;
        if (action != null) {
            action.run();
        }
    }
}
