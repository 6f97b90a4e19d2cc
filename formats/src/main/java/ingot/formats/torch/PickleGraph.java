package ingot.formats.torch;

import ingot.formats.IngotException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/** What containers hold each other, checked before anything walks them. */
final class PickleGraph {
    /** Training checkpoints nest less than ten deep. */
    static final int MAX_DEPTH = 64;

    private PickleGraph() {}

    /** An open container: what is left to visit of it. */
    private record Open(PickleValue container, Iterator<PickleValue> left) {}

    /**
     * @throws IngotException.BadData when a container holds itself, at any distance, or containers nest deeper than
     *     {@link #MAX_DEPTH}
     */
    static void requireTree(PickleValue root, Path file) {
        Set<PickleValue> open = Collections.newSetFromMap(new IdentityHashMap<>());
        Set<PickleValue> done = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Open> path = new ArrayDeque<>();
        path.push(new Open(PickleValue.Constant.NONE, List.of(root).iterator()));
        while (!path.isEmpty()) {
            Open top = path.getFirst();
            if (!top.left().hasNext()) {
                path.pop();
                open.remove(top.container());
                done.add(top.container());
                continue;
            }
            PickleValue next = top.left().next();
            Collection<PickleValue> children = children(next);
            if (children.isEmpty() || done.contains(next)) {
                continue;
            }
            if (!open.add(next)) {
                throw IngotException.BadData.in(file, "a container in the pickle holds itself");
            }
            if (path.size() > MAX_DEPTH) {
                throw IngotException.BadData.in(file, "containers in the pickle nest deeper than " + MAX_DEPTH);
            }
            path.push(new Open(next, children.iterator()));
        }
    }

    /** Bytes of an entry of a dict, its share of the table included. */
    static final long ENTRY = 56;

    /** Bytes that a value takes on the heap by itself, about: objects of 16 to 32 bytes, a reference 4 to 8. */
    static long heap(PickleValue value) {
        return switch (value) {
            case PickleValue.Tuple tuple -> 48 + 8L * tuple.items().size();
            case PickleValue.Sequence list -> 96;
            case PickleValue.Dict dict -> 112 + ENTRY * dict.items().size();
            case PickleGlobal g -> 0;
            case PickleValue.Constant c -> 0;
            // The text in Latin 1 or UTF-16; three objects around it.
            case PickleValue.Text t -> 64 + 2L * t.value().length();
            case PickleValue.Whole w -> 24;
            case PickleValue.Big b -> 128 + b.value().bitLength() / 8;
            case PickleValue.Real r -> 24;
            // With the storage and its entry among the storages.
            case PickleValue.StorageView s -> 160;
            case PickleValue.Tensor t -> 96 + 48L * t.strides().size();
        };
    }

    private static Collection<PickleValue> children(PickleValue value) {
        return switch (value) {
            case PickleValue.Tuple tuple -> tuple.items();
            case PickleValue.Sequence list -> list.items();
            case PickleValue.Dict dict -> dict.items().values();
            case PickleGlobal g -> List.of();
            case PickleValue.Constant c -> List.of();
            case PickleValue.Text t -> List.of();
            case PickleValue.Whole w -> List.of();
            case PickleValue.Big b -> List.of();
            case PickleValue.Real r -> List.of();
            case PickleValue.StorageView s -> List.of();
            case PickleValue.Tensor t -> List.of();
        };
    }
}
