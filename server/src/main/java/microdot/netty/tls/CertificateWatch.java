package microdot.netty.tls;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import microdot.internal.ProcessErrors;
import microdot.internal.TlsSettings;

/**
 * Reads the certificates again when their files have changed, on its own thread, because a file
 * system may block. It asks for the times and sizes of the files: a watch of a folder misses files
 * behind symbolic links, as containers have them.
 */
final class CertificateWatch implements Runnable {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final long INTERVAL = TimeUnit.SECONDS.toNanos(5);

    private final List<TlsSettings.Source> sources;
    private final ServedCertificates served;
    private volatile boolean stopped;
    private volatile Thread thread;

    // Confined to the thread.
    private String used; // What the files were when their certificates were read.
    private String seen;
    private String complaint = "";

    private CertificateWatch(
            List<TlsSettings.Source> sources, ServedCertificates served, String stamp) {
        this.sources = sources;
        this.served = served;
        this.used = stamp;
        this.seen = stamp;
        this.thread = Thread.ofPlatform().name("microdot-certificates").daemon().unstarted(this);
    }

    /** Reads the certificates for the first time, and watches their files from then on. */
    static CertificateWatch start(List<TlsSettings.Source> sources) throws IOException {
        String stamp = stamp(sources); // Before they are read, so that no change is missed.
        var watch = new CertificateWatch(sources, new ServedCertificates(readAll(sources)), stamp);
        watch.thread.start();
        return watch;
    }

    ServedCertificates served() {
        return served;
    }

    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }

    @Override
    public void run() {
        while (!stopped) {
            LockSupport.parkNanos(this, INTERVAL);
            if (!stopped) {
                guardedLook();
            }
        }
    }

    private void guardedLook() {
        try {
            look();
        } catch (VirtualMachineError e) { // It is tried again at the next look.
            ProcessErrors.check(e);
        }
    }

    /** A file that still changes is read at the next look: most pairs are whole then. */
    void look() {
        try {
            String now = stamp(sources);
            boolean settled = now.equals(seen);
            seen = now;
            if (settled && !now.equals(used)) {
                served.replace(readAll(sources));
                used = now;
                complaint = "";
                LOG.log(Level.INFO, "the certificates were read again; new connections get them");
            }
        } catch (IOException | RuntimeException e) {
            complain(String.valueOf(e.getMessage()));
        }
    }

    /** Once for each reason: it is tried again at each look. */
    private void complain(String reason) {
        if (!reason.equals(complaint)) {
            complaint = reason;
            LOG.log(
                    Level.WARNING,
                    "the changed certificates cannot be used, and those from before are served: "
                            + reason);
        }
    }

    private static String stamp(List<TlsSettings.Source> sources) throws IOException {
        var stamp = new StringBuilder();
        for (TlsSettings.Source source : sources) {
            for (Path file : source.files()) {
                if (Files.exists(file)) {
                    var now = Files.readAttributes(file, BasicFileAttributes.class);
                    stamp.append(now.lastModifiedTime())
                            .append(' ')
                            .append(now.size())
                            .append(' ')
                            .append(now.fileKey());
                }
                stamp.append('\n');
            }
        }
        return stamp.toString();
    }

    private static List<KeyedCertificate> readAll(List<TlsSettings.Source> sources)
            throws IOException {
        var all = new ArrayList<KeyedCertificate>();
        for (TlsSettings.Source source : sources) {
            all.addAll(CertificateFiles.read(source));
        }
        all.forEach(KeyedCertificate::warnIfExpired);
        return all;
    }
}
