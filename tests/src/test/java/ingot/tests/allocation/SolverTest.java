package ingot.tests.allocation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.quant.allocation.Solver;
import ingot.quant.allocation.Solver.Option;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class SolverTest {
    private static List<List<Option>> items(SplittableRandom random, int count, int options, int bytes) {
        List<List<Option>> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            List<Option> item = new ArrayList<>();
            for (int c = 0; c < 1 + random.nextInt(options); c++) {
                item.add(new Option(1 + random.nextInt(bytes), random.nextDouble()));
            }
            items.add(item);
        }
        return items;
    }

    private static long bytes(List<List<Option>> items, int[] chosen) {
        long sum = 0;
        for (int i = 0; i < chosen.length; i++) {
            sum += items.get(i).get(chosen[i]).bytes();
        }
        return sum;
    }

    private static double damage(List<List<Option>> items, int[] chosen) {
        double sum = 0;
        for (int i = 0; i < chosen.length; i++) {
            sum += items.get(i).get(chosen[i]).damage();
        }
        return sum;
    }

    /** Least damage of the items from {@code at} on, by trying everything. */
    private static double tryAll(List<List<Option>> items, int at, long capacity) {
        if (capacity < 0) {
            return Double.POSITIVE_INFINITY;
        }
        if (at == items.size()) {
            return 0;
        }
        double best = Double.POSITIVE_INFINITY;
        for (Option option : items.get(at)) {
            best = Math.min(best, option.damage() + tryAll(items, at + 1, capacity - option.bytes()));
        }
        return best;
    }

    @Test
    void smallInstancesAreSolvedExactly() {
        SplittableRandom random = new SplittableRandom(7);
        for (int trial = 0; trial < 300; trial++) {
            List<List<Option>> items = items(random, 1 + trial % 7, 5, trial % 3 == 0 ? 9 : 900);
            long least = Solver.least(items);
            long capacity = least + random.nextLong(Solver.most(items) - least + 2);
            int[] chosen = Solver.solve(items, capacity);
            assertTrue(bytes(items, chosen) <= capacity);
            assertEquals(tryAll(items, 0, capacity), damage(items, chosen), 1e-12, "trial " + trial);
        }
    }

    /** No choice can be better than max over λ of Σ min (damage + λ·bytes) − λ·capacity (Lagrangian duality). */
    private static double bound(List<List<Option>> items, long capacity) {
        double best = 0;
        for (double lambda = 1e-18; lambda < 1; lambda *= 1.02) {
            double sum = -lambda * capacity;
            for (List<Option> item : items) {
                double price = lambda;
                sum += item.stream()
                        .mapToDouble(o -> o.damage() + price * o.bytes())
                        .min()
                        .orElseThrow();
            }
            best = Math.max(best, sum);
        }
        return best;
    }

    @Test
    void largeInstancesComeCloseToTheirBoundAndKeepTheCapacity() {
        SplittableRandom random = new SplittableRandom(11);
        List<List<Option>> items = new ArrayList<>();
        for (int i = 0; i < 197; i++) {
            long weights = 1L << 18 + random.nextInt(8);
            double scale = Math.exp(3 * random.nextDouble());
            List<Option> item = new ArrayList<>();
            for (double bits : new double[] {3.125, 3.25, 3.5, 4.125, 4.25, 4.5, 5.25, 6.25, 8.5}) {
                item.add(new Option((long) (weights * bits / 8), scale * Math.pow(4, -bits)));
            }
            items.add(item);
        }
        for (double share : new double[] {0, 0.01, 0.3, 0.77, 1, 1.5}) {
            long least = Solver.least(items);
            long capacity = least + (long) (share * (Solver.most(items) - least));
            int[] chosen = Solver.solve(items, capacity);
            long used = bytes(items, chosen);
            assertTrue(used <= capacity);
            assertTrue(share > 1 || used >= 0.99 * capacity, used + " of " + capacity);
            double bound = bound(items, capacity);
            double damage = damage(items, chosen);
            assertTrue(damage <= 1.01 * bound, share + ": " + damage + " against " + bound);
            assertArrayEquals(chosen, Solver.solve(items, capacity));
        }
    }

    @Test
    void whatCannotFitIsRefused() {
        List<List<Option>> items = List.of(List.of(new Option(5, 1), new Option(7, 0)), List.of(new Option(3, 1)));
        assertThrows(IllegalArgumentException.class, () -> Solver.solve(items, 7));
        assertArrayEquals(new int[] {0, 0}, Solver.solve(items, 9));
        assertArrayEquals(new int[] {1, 0}, Solver.solve(items, 10));
        assertThrows(IllegalArgumentException.class, () -> new Option(1, Double.NaN));
    }
}
