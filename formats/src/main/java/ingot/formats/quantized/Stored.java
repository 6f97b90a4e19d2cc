package ingot.formats.quantized;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The tensors as they are stored: looked up by module, checked, read as plain arrays; keeps book of those in use. */
final class Stored {
    /** More columns than this are refused: a row must fit a buffer, and published rows have fewer than 2^16. */
    private static final long MAX_COLS = 1L << 20;

    private final TensorSource source;
    private final Columns columns;
    private final Set<String> used = new HashSet<>();

    Stored(TensorSource source) {
        this.source = source;
        this.columns = new Columns(source);
    }

    Columns columns() {
        return columns;
    }

    TensorSource source() {
        return source;
    }

    /** Modules that have a tensor {@code MODULE + suffix}, in file order. */
    List<String> modules(String suffix) {
        return source.tensors().keySet().stream()
                .filter(name -> name.endsWith(suffix) && name.length() > suffix.length())
                .map(name -> name.substring(0, name.length() - suffix.length()))
                .toList();
    }

    /** A tensor, which from now on counts as part of a packed matrix. */
    Optional<TensorInfo> find(String name) {
        Optional<TensorInfo> tensor = Optional.ofNullable(source.tensors().get(name));
        tensor.ifPresent(t -> used.add(t.name()));
        return tensor;
    }

    /** As {@link #find}, for a tensor that {@code because} cannot do without. */
    TensorInfo require(String name, TensorInfo because) {
        return find(name)
                .orElseThrow(() -> IngotException.ConfigMismatch.in(
                        because.file(),
                        "tensor " + Text.quote(name) + " is missing; " + Text.quote(because.name())
                                + " cannot be read without it"));
    }

    /** Names of the tensors that packed matrices are made of. */
    Set<String> used() {
        return used;
    }

    /** @throws IngotException.BadData unless the tensor has this type and shape */
    static void check(TensorInfo tensor, Set<DType> types, Shape shape, String why) {
        if (!types.contains(tensor.dtype())) {
            throw bad(tensor, "type " + tensor.dtype().label() + "; expected " + names(types));
        }
        if (!tensor.shape().equals(shape)) {
            throw bad(tensor, "shape " + tensor.shape() + "; expected " + shape + " (" + why + ")");
        }
    }

    /** @throws IngotException.BadData unless the tensor is a matrix of {@code type} with at least one element */
    static void checkMatrix(TensorInfo tensor, DType type) {
        if (tensor.dtype() != type) {
            throw bad(tensor, "type " + tensor.dtype().label() + "; expected " + type.label());
        }
        if (tensor.shape().rank() != 2 || tensor.shape().count() == 0) {
            throw bad(tensor, "shape " + tensor.shape() + "; expected a matrix with at least one row and column");
        }
    }

    /** A number of columns, small enough to hold a row. */
    static int cols(long cols, TensorInfo tensor) {
        if (cols < 1 || cols > MAX_COLS) {
            throw bad(tensor, cols + " columns; expected 1 to " + MAX_COLS);
        }
        return (int) cols;
    }

    static IngotException.BadData bad(TensorInfo tensor, String reason) {
        return IngotException.BadData.tensor(tensor.file(), tensor.name(), tensor.offset(), reason);
    }

    static IngotException.ConfigMismatch mismatch(TensorInfo tensor, String reason) {
        return IngotException.ConfigMismatch.in(tensor.file(), "tensor " + Text.quote(tensor.name()) + ": " + reason);
    }

    private static String names(Set<DType> types) {
        return types.stream()
                .map(DType::label)
                .sorted()
                .reduce((a, b) -> a + " or " + b)
                .orElseThrow();
    }

    /** Reads {@code n} 32-bit elements from element {@code from} on. */
    static void ints(TensorSource source, TensorInfo tensor, long from, int[] out, int at, int n) {
        byte[] bytes = new byte[Math.multiplyExact(n, Integer.BYTES)];
        MemorySegment segment = MemorySegment.ofArray(bytes);
        source.read(tensor, Math.multiplyExact(from, (long) Integer.BYTES), segment);
        MemorySegment.copy(segment, Numbers.LE_INT, 0, out, at, n);
    }

    /** Reads {@code n} elements of any numeric type, widened or rounded to f32, from element {@code from} on. */
    static void floats(TensorSource source, TensorInfo tensor, long from, float[] out, int at, int n) {
        int width = tensor.dtype().bytes();
        MemorySegment segment = MemorySegment.ofArray(new byte[Math.multiplyExact(n, width)]);
        source.read(tensor, Math.multiplyExact(from, (long) width), segment);
        Numbers.toF32(tensor.dtype(), segment, 0, out, at, n);
    }

    /** Reads {@code n} bytes. */
    static byte[] bytes(TensorSource source, TensorInfo tensor, long from, int n) {
        byte[] bytes = new byte[n];
        source.read(tensor, from, MemorySegment.ofArray(bytes));
        return bytes;
    }

    static long ceil(long n, long unit) {
        return Math.addExact(n, unit - 1) / unit;
    }
}
