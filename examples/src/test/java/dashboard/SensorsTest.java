package dashboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import oshi.SystemInfo;

class SensorsTest {
    private final SystemInfo system = new SystemInfo();

    @Test
    void readingsArePlausible() {
        Sample sample = new Sensors(system).read();
        assertEquals(Machine.of(system).cores(), sample.cores().size());
        for (double core : sample.cores()) {
            assertTrue(core >= 0 && core <= 100, "core: " + core);
        }
        assertTrue(sample.cpu() >= 0 && sample.cpu() <= 100, "cpu: " + sample.cpu());
        Sample.Memory memory = sample.memory();
        assertTrue(memory.used() > 0 && memory.used() < memory.total(), memory.toString());
        assertTrue(
                Math.abs(sample.time() - System.currentTimeMillis()) < 60_000,
                "time: " + sample.time());
    }

    @Test
    void rateIsBytesOverTime() {
        var meter = new Meter();
        assertNull(meter.rate(1000, 500, 0));
        assertEquals(new Sample.Rate(2000, 0), meter.rate(2000, 500, 500_000_000));
    }

    @Test
    void restartedCounterGivesNoNegativeRate() {
        var meter = new Meter();
        meter.rate(1000, 1000, 0);
        assertEquals(new Sample.Rate(0, 10), meter.rate(5, 1010, 1_000_000_000));
    }

    @Test
    void everyThermalZoneIsRead(@TempDir Path folder) throws IOException {
        zone(folder, "thermal_zone0", "acpitz", "41000");
        zone(folder, "thermal_zone1", "acpitz", "38500");
        zone(folder, "thermal_zone2", "wifi", "no data");
        var thermometers = new Thermometers(folder, system.getHardware().getSensors());
        assertEquals(Map.of("acpitz", 41.0, "acpitz thermal_zone1", 38.5), thermometers.read());
    }

    private static void zone(Path folder, String zone, String type, String temperature)
            throws IOException {
        Path files = Files.createDirectory(folder.resolve(zone));
        Files.writeString(files.resolve("type"), type + "\n");
        Files.writeString(files.resolve("temp"), temperature + "\n");
    }
}
