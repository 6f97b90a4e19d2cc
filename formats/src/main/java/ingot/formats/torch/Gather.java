package ingot.formats.torch;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import ingot.formats.io.Panels;
import ingot.formats.torch.PickleValue.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Collects elements of a strided tensor in row-major order. A range of elements is cut into boxes (a partial row, whole
 * rows, a partial row, in each dimension); in a box the dimension of the smallest stride goes innermost, so that
 * elements that lie close together in the storage are fetched by one read even when they end up far apart.
 */
final class Gather {
    /** Longest single read. */
    private static final int SPAN = 1 << 18;

    /** A read may fetch this many bytes for each byte wanted before single reads are cheaper. */
    private static final int WASTE = 16;

    private final StorageData data;
    private final long offset;
    private final int width;
    private final long[] dims;
    private final long[] strides;
    /** Elements of a row-major tensor that a step along a dimension skips. */
    private final long[] rowMajor;

    Gather(StorageData data, Tensor tensor) {
        this.data = data;
        this.offset = tensor.offset();
        this.width = tensor.dtype().bytes();
        this.dims = tensor.shape().dims();
        this.strides = tensor.strides().stream().mapToLong(Long::longValue).toArray();
        this.rowMajor = new long[dims.length];
        long step = 1;
        for (int d = dims.length - 1; d >= 0; d--) {
            rowMajor[d] = step;
            step *= dims[d];
        }
    }

    /**
     * Elements of a panel: whole rows of some dimension, as many as {@link Panels#BYTES} hold. The last panel may have
     * fewer.
     */
    long panel() {
        long most = Panels.BYTES / width;
        long unit = 1;
        for (int d = dims.length - 1; d >= 0 && rowMajor[d] <= most; d--) {
            unit = Math.max(1, rowMajor[d]);
        }
        return most / unit * unit;
    }

    /** Whether the elements lie in row-major order without gaps; dimensions of one element may have any stride. */
    static boolean contiguous(Tensor tensor) {
        long step = 1;
        for (int d = tensor.shape().rank() - 1; d >= 0; d--) {
            long size = tensor.shape().dim(d);
            if (size != 1 && tensor.strides().get(d) != step) {
                return false;
            }
            step *= size;
        }
        return true;
    }

    /** One dimension of a box: how many steps, and how far one goes in the storage and in the output, in elements. */
    private record Axis(long size, long stride, long step) {}

    /** Fills {@code out}, a whole number of elements, with the elements from {@code first} on. */
    void read(long first, MemorySegment out) {
        box(0, first, first + out.byteSize() / width, offset, first, out);
    }

    /**
     * Elements {@code from} to {@code to} of the row-major order of dimensions {@code d} and later, below source element
     * {@code source}; {@code origin} is what the output begins with. Recursion is as deep as the tensor has dimensions.
     */
    private void box(int d, long from, long to, long source, long origin, MemorySegment out) {
        if (from == to) {
            return;
        }
        if (d == dims.length) {
            copy(List.of(), source, from - origin, out);
            return;
        }
        long row = rowMajor[d];
        long head = from / row;
        long tail = to / row;
        if (from % row != 0) {
            long end = Math.min(to, (head + 1) * row);
            box(d + 1, from - head * row, end - head * row, source + head * strides[d], origin - head * row, out);
            head++;
        }
        if (head < tail) {
            List<Axis> axes = new ArrayList<>();
            axes.add(new Axis(tail - head, strides[d], row));
            for (int k = d + 1; k < dims.length; k++) {
                axes.add(new Axis(dims[k], strides[k], rowMajor[k]));
            }
            copy(axes, source + head * strides[d], head * row - origin, out);
        }
        if (tail >= head && to % row != 0) {
            box(d + 1, 0, to - tail * row, source + tail * strides[d], origin - tail * row, out);
        }
    }

    private void copy(List<Axis> box, long source, long target, MemorySegment out) {
        List<Axis> axes = new ArrayList<>(box);
        axes.removeIf(a -> a.size() == 1);
        axes.sort(Comparator.comparingLong(Axis::stride).reversed());
        // The innermost axes whose elements are fetched together.
        int inner = axes.size();
        long span = 1;
        long count = 1;
        while (inner > 0) {
            Axis a = axes.get(inner - 1);
            long wider = span + (a.size() - 1) * a.stride();
            if (wider * width > SPAN || wider > WASTE * count * a.size()) {
                break;
            }
            span = wider;
            count *= a.size();
            inner--;
        }
        Axis[] all = axes.toArray(Axis[]::new);
        byte[] buffer = new byte[(int) (span * width)];
        outer(all, 0, inner, source, target, new Fetch(buffer, out));
    }

    /**
     * Where a run of elements is read into and where they go.
     *
     * @param buffer as long as the span of one read
     */
    private record Fetch(byte[] buffer, MemorySegment out) {}

    private void outer(Axis[] axes, int d, int inner, long source, long target, Fetch fetch) {
        if (d == inner) {
            data.read(source * width, MemorySegment.ofArray(fetch.buffer()));
            scatter(axes, d, 0, target, fetch);
            return;
        }
        for (long i = 0; i < axes[d].size(); i++) {
            outer(axes, d + 1, inner, source + i * axes[d].stride(), target + i * axes[d].step(), fetch);
        }
    }

    private void scatter(Axis[] axes, int d, long source, long target, Fetch fetch) {
        if (d == axes.length) {
            MemorySegment.copy(
                    MemorySegment.ofArray(fetch.buffer()), source * width, fetch.out(), target * width, width);
            return;
        }
        Axis axis = axes[d];
        if (d == axes.length - 1) {
            MemorySegment from = MemorySegment.ofArray(fetch.buffer());
            if (axis.stride() == 1 && axis.step() == 1) {
                MemorySegment.copy(from, source * width, fetch.out(), target * width, axis.size() * width);
            } else {
                run(axis, from, source * width, fetch.out(), target * width);
            }
            return;
        }
        for (long i = 0; i < axis.size(); i++) {
            scatter(axes, d + 1, source + i * axis.stride(), target + i * axis.step(), fetch);
        }
    }

    /** One element after the other; a loop for each width, since copying two bytes as a block costs ten times as much. */
    private void run(Axis axis, MemorySegment from, long source, MemorySegment to, long target) {
        long stride = axis.stride() * width;
        long step = axis.step() * width;
        int n = (int) axis.size();
        switch (width) {
            case 1 -> {
                for (int i = 0; i < n; i++) {
                    to.set(JAVA_BYTE, target + i * step, from.get(JAVA_BYTE, source + i * stride));
                }
            }
            case 2 -> {
                for (int i = 0; i < n; i++) {
                    to.set(
                            JAVA_SHORT_UNALIGNED,
                            target + i * step,
                            from.get(JAVA_SHORT_UNALIGNED, source + i * stride));
                }
            }
            case 4 -> {
                for (int i = 0; i < n; i++) {
                    to.set(JAVA_INT_UNALIGNED, target + i * step, from.get(JAVA_INT_UNALIGNED, source + i * stride));
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    to.set(JAVA_LONG_UNALIGNED, target + i * step, from.get(JAVA_LONG_UNALIGNED, source + i * stride));
                }
            }
        }
    }
}
