package dashboard;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oshi.hardware.Sensors;

/**
 * All thermal zones by name, which Linux shows as files; on other systems the one temperature that
 * OSHI knows.
 */
final class Thermometers {
    private final List<Path> zones;
    private final Sensors fallback;

    Thermometers(Path folder, Sensors fallback) {
        this.zones = zones(folder);
        this.fallback = fallback;
    }

    Map<String, Double> read() {
        Map<String, Double> degrees = new LinkedHashMap<>();
        for (Path zone : zones) {
            read(zone, degrees);
        }
        if (degrees.isEmpty()) {
            put(degrees, "CPU", fallback.getCpuTemperature());
        }
        return degrees;
    }

    private static List<Path> zones(Path folder) {
        List<Path> found = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (var entries = Files.newDirectoryStream(folder, "thermal_zone*")) {
                entries.forEach(found::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        found.sort(null);
        return found;
    }

    /**
     * A zone whose device is asleep cannot be read at the moment, and is absent from this reading.
     */
    private static void read(Path zone, Map<String, Double> degrees) {
        try {
            String name = Files.readString(zone.resolve("type")).strip();
            double celsius =
                    Long.parseLong(Files.readString(zone.resolve("temp")).strip()) / 1000.0;
            put(
                    degrees,
                    degrees.containsKey(name) ? name + " " + zone.getFileName() : name,
                    celsius);
        } catch (IOException | NumberFormatException e) {
            System.getLogger(Thermometers.class.getName())
                    .log(System.Logger.Level.DEBUG, zone.toString(), e);
        }
    }

    /** Drivers and OSHI return zero for "no sensor". */
    private static void put(Map<String, Double> degrees, String name, double celsius) {
        if (celsius > 0 && celsius < 150) {
            degrees.put(name, Math.round(celsius * 10) / 10.0);
        }
    }
}
