package dashboard;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import oshi.SystemInfo;
import oshi.hardware.CentralProcessor;
import oshi.hardware.GlobalMemory;
import oshi.hardware.HWDiskStore;
import oshi.hardware.NetworkIF;
import oshi.hardware.VirtualMemory;

/**
 * The sensors of this machine. A rate is measured since the reading before, so a single thread
 * reads for all pages.
 */
final class Sensors {
    private static final Path THERMAL = Path.of("/sys/class/thermal");

    private final CentralProcessor processor;
    private final GlobalMemory memory;
    private final List<HWDiskStore> disks;
    private final List<NetworkIF> networks;
    private final Thermometers thermometers;
    private final Meter diskMeter = new Meter();
    private final Meter networkMeter = new Meter();
    private long[][] ticks;
    private List<Double> cores;

    Sensors(SystemInfo system) {
        var hardware = system.getHardware();
        processor = hardware.getProcessor();
        memory = hardware.getMemory();
        disks = hardware.getDiskStores();
        networks = hardware.getNetworkIFs();
        thermometers = new Thermometers(THERMAL, hardware.getSensors());
        ticks = processor.getProcessorCpuLoadTicks();
        cores = Collections.nCopies(ticks.length, 0.0);
        disk();
        network();
    }

    Sample read() {
        updateCores();
        double cpu = cores.stream().mapToDouble(Double::doubleValue).average().orElse(0);
        return new Sample(
                System.currentTimeMillis(),
                round(cpu),
                cores,
                load(),
                memory(),
                disk(),
                network(),
                thermometers.read());
    }

    /**
     * Between two close readings the system counts nothing: then the last values are still right.
     */
    private void updateCores() {
        double[] busy = processor.getProcessorCpuLoadBetweenTicks(ticks);
        long[][] now = processor.getProcessorCpuLoadTicks();
        if (!Arrays.deepEquals(ticks, now)) {
            cores = Arrays.stream(busy).mapToObj(share -> round(100 * share)).toList();
            ticks = now;
        }
    }

    private @Nullable List<Double> load() {
        double[] averages = processor.getSystemLoadAverage(3);
        return averages[0] < 0 ? null : Arrays.stream(averages).mapToObj(Sensors::round).toList();
    }

    private Sample.Memory memory() {
        VirtualMemory swap = memory.getVirtualMemory();
        return new Sample.Memory(
                memory.getTotal() - memory.getAvailable(),
                memory.getTotal(),
                swap.getSwapUsed(),
                swap.getSwapTotal());
    }

    private Sample.@Nullable Rate disk() {
        long read = 0;
        long written = 0;
        boolean any = false;
        for (HWDiskStore disk : disks) {
            if (disk.updateAttributes()) {
                any = true;
                read += disk.getReadBytes();
                written += disk.getWriteBytes();
            }
        }
        return any ? diskMeter.rate(read, written, System.nanoTime()) : null;
    }

    private Sample.@Nullable Rate network() {
        long received = 0;
        long sent = 0;
        boolean any = false;
        for (NetworkIF network : networks) {
            if (network.updateAttributes()) {
                any = true;
                received += network.getBytesRecv();
                sent += network.getBytesSent();
            }
        }
        return any ? networkMeter.rate(received, sent, System.nanoTime()) : null;
    }

    /** Rounds to one decimal, as pages show it: more would only make each event longer. */
    private static double round(double value) {
        return Math.round(value * 10) / 10.0;
    }
}
