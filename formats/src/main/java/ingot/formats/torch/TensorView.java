package ingot.formats.torch;

import ingot.formats.DType;
import ingot.formats.Shape;
import ingot.formats.torch.PickleValue.StorageView;
import ingot.formats.torch.PickleValue.Tensor;
import java.util.Arrays;
import java.util.Optional;

/**
 * The part of a storage that a tensor may view, counted in elements of the tensor's type.
 *
 * @param offset from the start of the storage
 */
record TensorView(Storage storage, DType dtype, long offset, long length) {
    /**
     * The tensor of {@code (storage, offset, size, stride, …)}.
     *
     * @param stated the element type where the tensor states it: then the storage counts bytes
     */
    static Tensor tensor(Arguments args, Optional<DType> stated) {
        if (!(args.get(0) instanceof StorageView view)) {
            throw args.bad("a tensor of something that is not a storage");
        }
        if (stated.isPresent() && view.storage().dtype() != DType.U8) {
            throw args.bad("a tensor that states its type over a storage that has one");
        }
        long offset = args.size(1, "storage offset");
        long[] dims = args.sizes(2, "size");
        long[] strides = args.sizes(3, "stride");
        if (dims.length != strides.length) {
            throw args.bad(dims.length + " dimensions and " + strides.length + " strides");
        }
        DType dtype = stated.orElse(view.storage().dtype());
        int width = stated.isPresent() ? dtype.bytes() : 1;
        if (view.offset() % width != 0) {
            throw args.bad("a view that begins inside an element");
        }
        TensorView elements = new TensorView(view.storage(), dtype, view.offset() / width, view.length() / width);
        try {
            return elements.strided(offset, new Shape(dims), strides, args);
        } catch (ArithmeticException e) {
            throw args.bad("shape or strides overflow 64 bits");
        }
    }

    /**
     * Requires {@code offset + Σ (size − 1)·stride < length}, and that no element is seen twice: a view of a tiny storage
     * with overlapping elements could declare exabytes.
     */
    private Tensor strided(long first, Shape shape, long[] strides, Arguments args) {
        long count = shape.count();
        long last = first;
        for (int i = 0; i < strides.length && count > 0; i++) {
            if (strides[i] == 0 && shape.dim(i) > 1) {
                throw args.bad("stride 0 over a dimension of " + shape.dim(i)
                        + ": an expanded tensor; save it with .contiguous()");
            }
            last = Math.addExact(last, Math.multiplyExact(shape.dim(i) - 1, strides[i]));
        }
        if (count == 0 ? first > length : last >= length) {
            throw args.bad("tensor of shape " + shape + " reaches element " + last + " of a storage of " + length);
        }
        if (count > length) {
            throw args.bad("tensor of " + count + " elements over a storage of " + length
                    + ": its elements overlap; save it with .contiguous()");
        }
        return new Tensor(
                storage,
                dtype,
                Math.addExact(offset, first),
                shape,
                Arrays.stream(strides).boxed().toList());
    }
}
