package ingot.tests.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ingot.formats.block.DoubleQuantized;
import ingot.formats.block.DynamicMap;
import ingot.formats.block.Nf4;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Nf4ConstantsTest {
    @Test
    void valuesAreThoseOfBitsAndBytes() {
        assertArrayEquals(BitsAndBytes.NF4, Nf4.values(), 0);
    }

    @Test
    void dynamicMapIsThatOfBitsAndBytes() {
        float[] map = DynamicMap.values();
        assertEquals(256, map.length);
        assertEquals(0, map[127]);
        assertEquals(1, map[255]);
        for (int i = 0; i < 127; i++) {
            assertEquals(BitsAndBytes.DYNAMIC_POSITIVE[i], map[128 + i], 0.0f);
            assertEquals(-BitsAndBytes.DYNAMIC_POSITIVE[i], map[126 - i], 0.0f);
        }
    }

    @Test
    void nearestIsNearest() {
        Random random = new Random(4);
        float[] map = DynamicMap.values();
        for (int n = 0; n < 20_000; n++) {
            float x = (random.nextFloat() * 2.2f - 1.1f) * (n % 2 == 0 ? 1 : 1e-4f);
            int best = 0;
            for (int i = 1; i < 256; i++) {
                if (Math.abs((double) x - map[i]) < Math.abs((double) x - map[best])) {
                    best = i;
                }
            }
            assertEquals(Math.abs((double) x - map[best]), Math.abs((double) x - map[DynamicMap.nearest(x)]), 1e-9);
        }
        for (int i = 0; i < 256; i++) {
            assertEquals(i, DynamicMap.nearest(map[i]));
        }
        assertEquals(127, DynamicMap.nearest(-0.0f));
        assertEquals(127, DynamicMap.nearest(Float.NaN));
    }

    @Test
    void doubleQuantizationKeepsScalesWithinHalfAStep() {
        Random random = new Random(5);
        float[] absmax = new float[1000];
        double sum = 0;
        for (int i = 0; i < absmax.length; i++) {
            absmax[i] = random.nextFloat();
            sum += absmax[i];
        }
        DoubleQuantized dq = DoubleQuantized.of(absmax);
        assertEquals((float) (sum / 1000), dq.offset());
        assertEquals(4, dq.nested().length);
        for (int i = 0; i < absmax.length; i++) {
            float back = DynamicMap.value(dq.codes()[i] & 0xFF) * dq.nested()[i / 256] + dq.offset();
            // Neighbouring values of the map are at most 0.0141 apart; −1 itself is not in it.
            assertEquals(absmax[i], back, 0.0072 * dq.nested()[i / 256]);
        }
    }

    @Test
    void equalScalesHaveNoRest() {
        DoubleQuantized dq = DoubleQuantized.of(new float[] {0.5f, 0.5f, 0.5f});
        assertArrayEquals(new byte[] {127, 127, 127}, dq.codes());
        assertArrayEquals(new float[] {0}, dq.nested());
    }
}
