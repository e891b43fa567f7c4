package benchmarks;

import java.util.Arrays;

/**
 * The data of an event: its number, followed by padding up to the given size. A receiver can check
 * the number and whether the data is complete.
 */
final class Payload {
    private static final int DIGITS = 10;

    private final byte[] blank;

    /**
     * @param bytes the size of an event's data, at least 10; 0 for a number only, as in ticks
     */
    Payload(int bytes) {
        if (bytes != 0 && bytes < DIGITS) {
            throw new IllegalArgumentException(
                    "payload: " + bytes + " (expected: at least " + DIGITS + " bytes)");
        }
        blank = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            blank[i] = (byte) (i < DIGITS ? '0' : 'a' + i % 26);
        }
    }

    int size() {
        return blank.length;
    }

    byte[] of(long number) {
        byte[] data = blank.clone();
        long rest = number;
        for (int i = DIGITS - 1; i >= 0; i--) {
            data[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        return data;
    }

    /** Returns the number in an event's data; -1 for data that {@link #of} did not make. */
    long number(byte[] bytes, int from, int to) {
        if (blank.length == 0) {
            return digits(bytes, from, to);
        }
        int behind = from + DIGITS;
        boolean whole =
                to - from == blank.length
                        && Arrays.equals(bytes, behind, to, blank, DIGITS, blank.length);
        return whole ? digits(bytes, from, behind) : -1;
    }

    private static long digits(byte[] bytes, int from, int to) {
        long number = from < to ? 0 : -1;
        for (int i = from; i < to; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number;
    }
}
