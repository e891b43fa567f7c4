package microdot.netty.threads;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import microdot.internal.ProcessErrors;
import org.jspecify.annotations.Nullable;

/**
 * A platform thread, one for the process, that watches the code of the application. Virtual threads
 * have one carrier thread for each core. If as many of them compute or wait in native code, no
 * other runs: then the watchdog warns, and raises the number of carrier threads. It sleeps while no
 * server has anything to watch.
 *
 * <p>Why: docs/decisions/0014-carrier-watchdog.md.
 */
public final class CarrierWatchdog {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private static final long TICK = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long LONG_WAIT = TimeUnit.SECONDS.toNanos(1);
    private static final long LOOK = TimeUnit.SECONDS.toNanos(1);
    private static final Duration OVERDUE = Duration.ofSeconds(10);

    private static final CarrierWatchdog SHARED = new CarrierWatchdog();

    private final Collection<ServerThreads> servers = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable Thread> thread = new AtomicReference<>();
    private volatile boolean idle = true;

    // Confined to its thread.
    private final CarrierProbe probe = new CarrierProbe(Thread::startVirtualThread);
    private final GarbageCollections collections = new GarbageCollections();
    private final CarrierCount carriers = new CarrierCount();
    private final CarrierHolders holders = new CarrierHolders(CarrierWatchdog::log);
    private final OverdueHandlers overdue = new OverdueHandlers(OVERDUE, CarrierWatchdog::log);
    private boolean warnedOfMost;
    private long busyAt = System.nanoTime();
    private long lookedAt = System.nanoTime();

    private CarrierWatchdog() {}

    /** Returns the watchdog of the process, which the scheduler of virtual threads belongs to. */
    public static CarrierWatchdog shared() {
        return SHARED;
    }

    /** Returns how many carrier threads were added, because others are blocked. */
    public int addedCarriers() {
        return carriers.added();
    }

    /** Watches the threads of a server until {@link #remove}. */
    public void add(ServerThreads server) {
        servers.add(server);
    }

    public void remove(ServerThreads server) {
        servers.remove(server);
    }

    /** Call it when a server has become busy; cheap if the watchdog is awake. From any thread. */
    public void wake() {
        if (idle) {
            LockSupport.unpark(started());
        }
    }

    private @Nullable Thread started() {
        if (thread.get() == null) {
            Thread own =
                    Thread.ofPlatform()
                            .daemon()
                            .name("microdot-carrier-watchdog")
                            .unstarted(this::run);
            if (thread.compareAndSet(null, own)) {
                start(own);
            }
        }
        return thread.get();
    }

    private void start(Thread own) {
        boolean started = false;
        try {
            own.start();
            started = true;
        } finally {
            if (!started) {
                thread.set(null); // There is no thread for it now; the next call tries again.
            }
        }
    }

    private void run() {
        long last = System.nanoTime();
        while (true) {
            LockSupport.parkNanos(this, TICK);
            long now = System.nanoTime();
            try {
                guardedTick(now, now - last);
            } catch (VirtualMachineError e) { // The heap has no room for a log entry either.
                ProcessErrors.check(e);
            }
            last = now;
        }
    }

    private void sleepWhileIdle() {
        long now = System.nanoTime();
        if (isBusy() || carriers.isRaised()) {
            idle = false;
            busyAt = now;
        } else if (now - busyAt > LOOK) {
            // Set the flag before the check: a server that becomes busy later sees it and wakes us.
            idle = true;
            while (!isBusy()) {
                LockSupport.park(this);
            }
            idle = false;
            busyAt = System.nanoTime();
        }
    }

    private boolean isBusy() {
        for (ServerThreads server : servers) {
            if (server.isBusy()) {
                return true;
            }
        }
        return false;
    }

    /** Each carrier thread may run a handler that makes one more response. */
    private boolean isShortOfMemory() {
        for (ServerThreads server : servers) {
            if (server.isShortOfMemory()) {
                return true;
            }
        }
        return false;
    }

    /** A failure must not end the watchdog. */
    private void guardedTick(long now, long elapsed) {
        try {
            tick(now, elapsed);
            sleepWhileIdle();
        } catch (RuntimeException | Error e) {
            ProcessErrors.check(e);
            log(() -> LOG.log(Level.ERROR, "the watchdog of handlers failed; it goes on", e));
        }
    }

    private void tick(long now, long elapsed) {
        long waited = probe.waited(Math.max(0, elapsed - collections.since()));
        if (waited == 0) {
            carriers.lower(now);
            holders.forget();
        } else if (waited < PATIENCE) {
            holders.look(servers);
        } else {
            holders.warn(servers);
            if (waited >= LONG_WAIT) {
                holders.warnOfOthers();
            }
            if (!isShortOfMemory() && !carriers.raise(now) && carriers.isRaised()) {
                warnOfMost();
            }
        }
        if (now - lookedAt >= LOOK) {
            lookedAt = now;
            overdue.look(servers, now);
        }
    }

    /**
     * On its own thread: a log that nobody reads must not keep carrier threads from being added.
     */
    private static void log(Runnable entry) {
        Thread.ofPlatform().name("microdot-log").daemon().start(entry);
    }

    private void warnOfMost() {
        if (!warnedOfMost) {
            warnedOfMost = true;
            log(
                    () ->
                            LOG.log(
                                    Level.WARNING,
                                    "all carrier threads are blocked, and no more are started;"
                                            + " further handlers wait until one is free"));
        }
    }
}
