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
