package ingot.formats.torch;

import ingot.formats.IngotException;
import ingot.formats.torch.PickleValue.Constant;
import ingot.formats.torch.PickleValue.Dict;
import ingot.formats.torch.PickleValue.Tuple;
import ingot.formats.torch.PickleValue.Whole;
import java.nio.file.Path;
import java.util.List;

/**
 * The items of a tuple that something is made of, each looked at before it is used.
 *
 * @param at where in the file the instruction stands that makes it
 */
record Arguments(Path file, long at, List<PickleValue> items) {
    /** As in safetensors files; no published weight has more than four dimensions. */
    private static final int MAX_RANK = 16;

    PickleValue get(int index) {
        return items.get(index);
    }

    int count() {
        return items.size();
    }

    /** Those of another tuple of the same instruction. */
    Arguments of(Tuple tuple) {
        return new Arguments(file, at, tuple.items());
    }

    void requireCount(PickleGlobal function, int min, int max) {
        if (count() < min || count() > max) {
            throw bad(function.qualified() + " called with " + count() + " arguments");
        }
    }

    void requireEmpty(int index, String what) {
        boolean empty = get(index) == Constant.NONE
                || (get(index) instanceof Dict dict && dict.items().isEmpty());
        if (!empty) {
            throw bad(what + " that are not empty; save the state dict alone");
        }
    }

    /** A tuple of integers from 0 on, one for each dimension. */
    long[] sizes(int index, String what) {
        if (!(get(index) instanceof Tuple tuple)) {
            throw bad(what + " is not a tuple");
        }
        if (tuple.items().size() > MAX_RANK) {
            throw bad(tuple.items().size() + " dimensions; at most " + MAX_RANK + " are accepted");
        }
        return tuple.items().stream().mapToLong(v -> size(v, what)).toArray();
    }

    /** An integer from 0 on. */
    long size(int index, String what) {
        return size(get(index), what);
    }

    private long size(PickleValue value, String what) {
        if (!(value instanceof Whole n) || n.value() < 0) {
            throw bad(what + " is not an integer from 0 to 2^63-1");
        }
        return n.value();
    }

    IngotException.BadData bad(String reason) {
        return IngotException.BadData.at(file, at, reason);
    }
}
