package ingot.runtime.template;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A stable merge sort: unlike {@link List#sort} it never objects to an order that Python, too, would just follow. */
final class Sorting {
    private Sorting() {}

    static <T> void sort(Run run, List<T> items, Comparator<T> order) {
        run.budget().elements(items.size());
        List<T> spare = new ArrayList<>(items);
        for (int width = 1; width < items.size(); width *= 2) {
            run.budget().work(items.size());
            for (int low = 0; low < items.size(); low += 2 * width) {
                merge(items, spare, low, width, order);
            }
            for (int i = 0; i < items.size(); i++) {
                items.set(i, spare.get(i));
            }
        }
    }

    private static <T> void merge(List<T> from, List<T> to, int low, int width, Comparator<T> order) {
        int middle = Math.min(low + width, from.size());
        int high = Math.min(low + 2 * width, from.size());
        int left = low;
        int right = middle;
        for (int i = low; i < high; i++) {
            boolean takeLeft = left < middle && (right >= high || order.compare(from.get(right), from.get(left)) >= 0);
            to.set(i, from.get(takeLeft ? left++ : right++));
        }
    }
}
