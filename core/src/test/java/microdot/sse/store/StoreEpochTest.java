package microdot.sse.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class StoreEpochTest {
    @Test
    void newNamesAreThoseThatAnEpochMayHave() {
        String name = StoreEpoch.newName();
        assertEquals(name, new StoreEpoch(name, 0, 1).name());
        assertNotEquals(name, StoreEpoch.newName());
    }

    @Test
    void otherNamesAndPositionsAreRefused() {
        for (String name : new String[] {"", "abc", "abcdefghijk", "abcdefgh-j", "abcdefghi\n"}) {
            assertThrows(IllegalArgumentException.class, () -> new StoreEpoch(name, 0, 1), name);
        }
        String name = StoreEpoch.newName();
        assertThrows(IllegalArgumentException.class, () -> new StoreEpoch(name, -1, 1));
        assertThrows(IllegalArgumentException.class, () -> new StoreEpoch(name, 5, 5));
    }
}
