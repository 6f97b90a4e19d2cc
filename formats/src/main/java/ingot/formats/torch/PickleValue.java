package ingot.formats.torch;

import ingot.formats.DType;
import ingot.formats.Shape;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** What a pickle of a checkpoint can hold. Compared by identity where it can hold itself, for a file decides what it holds. */
sealed interface PickleValue
        permits PickleGlobal,
                PickleValue.Constant,
                PickleValue.Text,
                PickleValue.Whole,
                PickleValue.Big,
                PickleValue.Real,
                PickleValue.Tuple,
                PickleValue.Sequence,
                PickleValue.Dict,
                PickleValue.StorageView,
                PickleValue.Tensor {
    /** {@code None}, {@code True}, {@code False}. */
    enum Constant implements PickleValue {
        NONE,
        TRUE,
        FALSE
    }

    record Text(String value) implements PickleValue {}

    record Whole(long value) implements PickleValue {}

    /** An integer beyond 64 bits: the magic number of legacy files. */
    record Big(BigInteger value) implements PickleValue {}

    record Real(double value) implements PickleValue {}

    record Tuple(List<PickleValue> items) implements PickleValue {}

    /**
     * A list.
     *
     * @param items grows while the pickle is read
     */
    record Sequence(List<PickleValue> items) implements PickleValue {}

    /** A dict with string keys. */
    final class Dict implements PickleValue {
        private final boolean ordered;
        private final SequencedMap<String, PickleValue> items = new LinkedHashMap<>();

        /** @param ordered whether it is a {@code collections.OrderedDict}, which may carry attributes */
        Dict(boolean ordered) {
            this.ordered = ordered;
        }

        boolean ordered() {
            return ordered;
        }

        SequencedMap<String, PickleValue> items() {
            return items;
        }
    }

    /**
     * A storage, or the part of one that a legacy file calls a view.
     *
     * @param offset first element of the view
     * @param length elements of the view
     */
    record StorageView(Storage storage, long offset, long length) implements PickleValue {}

    /**
     * A tensor: element (i0, i1, …) is element {@code offset + Σ i·stride} of its storage.
     *
     * @param dtype that of the storage, unless the storage is untyped
     * @param offset in elements of {@code dtype}, from the start of the storage
     * @param strides in elements, one for each dimension
     */
    record Tensor(Storage storage, DType dtype, long offset, Shape shape, List<Long> strides) implements PickleValue {}
}
