package dashboard;

import oshi.SystemInfo;

/**
 * The properties of the machine, which do not change while the server runs.
 *
 * @param memory size of the memory in bytes
 */
record Machine(String host, String processor, int cores, long memory, String system, String java) {
    static Machine of(SystemInfo info) {
        var hardware = info.getHardware();
        var os = info.getOperatingSystem();
        return new Machine(
                os.getNetworkParams().getHostName(),
                hardware.getProcessor().getProcessorIdentifier().getName().strip(),
                hardware.getProcessor().getLogicalProcessorCount(),
                hardware.getMemory().getTotal(),
                os.getFamily() + " " + os.getVersionInfo(),
                Runtime.version().toString());
    }
}
