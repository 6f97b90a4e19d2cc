package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.Session;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Sessions of a model whose layers overwrite their past: going back, failing, starting over. */
final class HybridSessionTest {
    /** The parity bar of models with a gated DeltaNet: its recurrent and chunked forms round differently. */
    private static final double HYBRID_BAR = 1e-8;

    private static final String NAME = "checkpoints/qwen3_5-a";
    private static final int[] IDS = Golden.read(NAME).get(3).ids();

    private static Model model;

    @BeforeAll
    static void open() {
        model = Model.open(Golden.folder(NAME), ModelOptions.defaults().withThreads(2));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static int[] ids(int from, int to) {
        return Arrays.copyOfRange(IDS, from, to);
    }

    /** Logits after {@code IDS[0 … n)} in calls that end at {@code ends}. */
    private static float[] fresh(int... ends) {
        try (Session session = model.newSession()) {
            float[] logits = {};
            for (int i = 0; i < ends.length; i++) {
                logits = session.forward(ids(i == 0 ? 0 : ends[i - 1], ends[i])).clone();
            }
            return logits;
        }
    }

    @Test
    void theStartOfTheLastCallIsRestoredExactly() {
        try (Session session = model.newSession()) {
            session.forward(ids(0, 40));
            session.forward(1, 2, 3);
            session.truncate(40);
            assertArrayEquals(fresh(40, 60), session.forward(ids(40, 60)));
            session.truncate(40);
            assertArrayEquals(fresh(40, 41), session.forward(IDS[40]));
            session.truncate(0);
            assertArrayEquals(fresh(70), session.forward(IDS));
        }
    }

    /** Anything else is computed again: the same numbers within rounding, as the calls are cut differently. */
    @Test
    void anyOtherPositionIsComputedAgain() {
        float[] expected = fresh(70);
        for (int back : new int[] {1, 2, 31, 33, 64, 69}) {
            try (Session session = model.newSession()) {
                session.forward(ids(0, 20));
                for (int t = 20; t < 70; t++) {
                    session.forward(IDS[t]);
                }
                session.truncate(back);
                assertEquals(back, session.position());
                session.truncate(back);
                double nmse = Golden.nmse(session.forward(ids(back, 70)), wide(expected));
                assertTrue(nmse <= HYBRID_BAR, "back to " + back + ": NMSE " + nmse);
                assertEquals(70, session.position());
                // What was computed again is what the next call stands on.
                session.truncate(69);
                double again = Golden.nmse(session.forward(IDS[69]), wide(expected));
                assertTrue(again <= HYBRID_BAR, "again from " + back + ": NMSE " + again);
            }
        }
    }

    @Test
    void goingBackTwiceBeforeACallIsGoingBackOnce() {
        try (Session session = model.newSession()) {
            session.forward(ids(0, 40));
            session.forward(ids(40, 50));
            session.truncate(45);
            session.truncate(30);
            double nmse = Golden.nmse(session.forward(ids(30, 70)), wide(fresh(70)));
            assertTrue(nmse <= HYBRID_BAR, "NMSE " + nmse);
        }
    }

    /** The call fails after all layers have moved on, in its first chunk and in a later one. */
    @Test
    void aFailedCallLeavesTheStateAsItWas() {
        int[] longText = new int[1100];
        for (int failAt : new int[] {40, 41, 40 + 600, 40 + 1099}) {
            try (Session session = model.newSession()) {
                session.forward(ids(0, 40));
                assertThrows(
                        IllegalStateException.class,
                        () -> session.forward(longText, (position, logits) -> {
                            if (position == failAt) {
                                throw new IllegalStateException("enough");
                            }
                        }));
                assertEquals(40, session.position());
                assertArrayEquals(fresh(40, 60), session.forward(ids(40, 60)), "failed at " + failAt);
            }
        }
    }

    /** Also when it fails while it computes again what going back has lost. */
    @Test
    void aCallThatFailsAfterGoingBackCanBeRepeated() {
        try (Session session = model.newSession()) {
            session.forward(ids(0, 40));
            session.forward(ids(40, 70));
            session.truncate(50);
            assertThrows(
                    IllegalStateException.class,
                    () -> session.forward(ids(50, 70), (position, logits) -> {
                        throw new IllegalStateException("enough");
                    }));
            assertEquals(50, session.position());
            double nmse = Golden.nmse(session.forward(ids(50, 70)), wide(fresh(70)));
            assertTrue(nmse <= HYBRID_BAR, "NMSE " + nmse);
        }
    }

    private static double[] wide(float[] values) {
        double[] out = new double[values.length];
        Arrays.setAll(out, i -> values[i]);
        return out;
    }
}
