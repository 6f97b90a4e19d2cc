package ingot.formats.quantized;

import static ingot.formats.quantized.Stored.ceil;

import ingot.formats.DType;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.block.DoubleQuantized;
import ingot.formats.block.DynamicMap;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * bitsandbytes NF4 and FP4: w = quant_map[code] · absmax[i ÷ blocksize] over the flattened matrix, one rounding to f32; the
 * even element is the high nibble of its byte. Nested statistics: absmax = nested_quant_map[u8] · nested_absmax[j ÷
 * nested_blocksize] + nested_offset, rounded after the product and after the sum. Both maps are the file's own. The
 * reference then casts to the model's type; here the f32 is kept. Reference: bitsandbytes {@code functional.py} ({@code
 * dequantize_4bit}, {@code dequantize_blockwise}, {@code QuantState.from_dict}).
 *
 * @param tensors the companions
 * @param state what the file says of the matrix
 */
public record Bnb4Matrix(TensorSource source, TensorInfo codes, Tensors tensors, Bnb4State state) implements Packed {
    private static final String STATE = ".quant_state.bitsandbytes__";

    /** Types that {@code bnb_4bit_quant_storage} may name; the bytes are the same in each. */
    private static final Set<DType> STORAGE = Set.of(DType.U8, DType.I8, DType.F16, DType.BF16, DType.F32);

    /** Scales looked at in one go. */
    private static final int SCAN = 1 << 16;

    /** Companions of {@code weight}; the nested ones are there together or not at all. */
    public record Tensors(TensorInfo absmax, TensorInfo map, Optional<Nested> nested) {}

    public record Nested(TensorInfo absmax, TensorInfo map) {}

    static Bnb4Matrix open(Stored stored, String module) {
        String name = module + ".weight";
        TensorInfo absmax = stored.find(name + ".absmax").orElseThrow();
        TensorInfo weight = stored.require(name, absmax);
        Optional<TensorInfo> fp4 = stored.find(name + STATE + "fp4");
        TensorInfo json = fp4.orElseGet(() -> stored.require(name + STATE + "nf4", absmax));
        Bnb4State state = Bnb4State.read(stored, json, fp4.isPresent() ? "fp4" : "nf4");
        long count = Math.multiplyExact(state.rows(), (long) state.cols());
        if (!STORAGE.contains(weight.dtype()) || weight.bytes() != ceil(count, 2)) {
            throw Stored.bad(
                    weight,
                    weight.dtype().label() + " " + weight.shape() + "; expected " + ceil(count, 2)
                            + " bytes (U8, or a bnb_4bit_quant_storage) for a matrix [" + state.rows() + ", "
                            + state.cols() + "]");
        }
        long blocks = ceil(count, state.block());
        TensorInfo map = stored.require(name + ".quant_map", absmax);
        Stored.check(map, Set.of(DType.F32), new Shape(16), "values of a 4-bit code");
        boolean isNested = state.nestedBlock().isPresent();
        Stored.check(absmax, Set.of(isNested ? DType.U8 : DType.F32), new Shape(blocks), "blocks of " + state.block());
        Optional<Nested> nested = state.nestedBlock().map(size -> {
            TensorInfo scales = stored.require(name + ".nested_absmax", absmax);
            TensorInfo values = stored.require(name + ".nested_quant_map", absmax);
            Stored.check(scales, Set.of(DType.F32), new Shape(ceil(blocks, size)), "blocks of " + size);
            Stored.check(values, Set.of(DType.F32), new Shape(DynamicMap.SIZE), "values of an 8-bit code");
            return new Nested(scales, values);
        });
        return new Bnb4Matrix(stored.source(), weight, new Tensors(absmax, map, nested), state);
    }

    @Override
    public long rows() {
        return state.rows();
    }

    @Override
    public int cols() {
        return state.cols();
    }

    @Override
    public void decode(long first, int n, float[] out) {
        int cols = cols();
        byte[] index = new byte[Math.multiplyExact(n, cols)];
        codes(first, n, index);
        float[] map = map(tensors.map());
        long from = first * cols;
        long firstBlock = from / state.block();
        float[] absmax = absmax(firstBlock, (int) (ceil(from + index.length, state.block()) - firstBlock));
        for (int i = 0; i < index.length; i++) {
            out[i] = map[index[i]] * absmax[(int) ((from + i) / state.block() - firstBlock)];
        }
    }

    /** Reads the codes 0 … 15 of {@code n} rows. */
    public void codes(long first, int n, byte[] out) {
        long from = first * cols();
        int count = Math.multiplyExact(n, cols());
        byte[] packed = Stored.bytes(source, codes, from / 2, (int) (ceil(from + count, 2) - from / 2));
        for (int i = 0; i < count; i++) {
            int both = packed[(int) ((from + i) / 2 - from / 2)];
            out[i] = (byte) ((from + i) % 2 == 0 ? (both >>> 4) & 15 : both & 15);
        }
    }

    /** Reads the scales of {@code n} blocks, as they multiply. */
    public float[] absmax(long first, int n) {
        float[] out = new float[n];
        Optional<Nested> nested = tensors.nested();
        if (nested.isEmpty()) {
            Stored.floats(source, tensors.absmax(), first, out, 0, n);
            return out;
        }
        byte[] index = Stored.bytes(source, tensors.absmax(), first, n);
        float[] map = map(nested.get().map());
        int size = state.nestedBlock().orElseThrow();
        long from = first / size;
        float[] outer = new float[(int) (ceil(first + n, size) - from)];
        Stored.floats(source, nested.get().absmax(), from, outer, 0, outer.length);
        for (int i = 0; i < n; i++) {
            float product = map[index[i] & 0xFF] * outer[(int) ((first + i) / size - from)];
            out[i] = product + state.offset();
        }
        return out;
    }

    /** The scales of the whole matrix as they are stored, where they are nested. */
    public Optional<DoubleQuantized> nested() {
        return tensors.nested().map(nested -> {
            byte[] index = Stored.bytes(
                    source,
                    tensors.absmax(),
                    0,
                    Math.toIntExact(tensors.absmax().shape().count()));
            float[] outer = new float[(int) nested.absmax().shape().count()];
            Stored.floats(source, nested.absmax(), 0, outer, 0, outer.length);
            return new DoubleQuantized(index, outer, state.offset());
        });
    }

    private float[] map(TensorInfo tensor) {
        float[] map = new float[(int) tensor.shape().count()];
        Stored.floats(source, tensor, 0, map, 0, map.length);
        return map;
    }

    /** Whether {@code layout} holds the codes and scales as they are. */
    public boolean holds(Nf4 layout) {
        boolean codesFit = state.type().equals("nf4")
                && state.block() == Nf4.GROUP
                && cols() % Nf4.GROUP == 0
                && Arrays.equals(map(tensors.map()), Nf4.values());
        return codesFit && (!layout.doubleQuant() || nestedAsOurs()) && scalesAreFinite();
    }

    private boolean scalesAreFinite() {
        long count = tensors.absmax().shape().count();
        for (long at = 0; at < count; at += SCAN) {
            for (float scale : absmax(at, (int) Math.min(SCAN, count - at))) {
                if (!Float.isFinite(scale)) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean nestedAsOurs() {
        return state.nestedBlock().filter(size -> size == Nf4.NESTED).isPresent()
                && tensors.nested()
                        .filter(n -> Arrays.equals(map(n.map()), DynamicMap.values()))
                        .isPresent();
    }

    @Override
    public Optional<Layout> natural() {
        return List.of(new Nf4(true), new Nf4(false)).stream()
                .filter(this::holds)
                .<Layout>map(l -> l)
                .findFirst();
    }

    @Override
    public String describe() {
        return "bitsandbytes " + state.type() + (tensors.nested().isPresent() ? " double-quantized" : "");
    }
}
