package ingot.quant;

import ingot.formats.block.Layout;
import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.RoundingError;
import ingot.quant.gptq.Target;
import ingot.quant.scheme.MatrixSource;
import ingot.quant.scheme.Scheme;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Rows that were read already. */
@SuppressWarnings("ArrayRecordComponent") // a view for one call
record InMemory(String origin, long rows, int cols, float[] values) implements MatrixSource {
    static InMemory of(String origin, float[] values, int cols) {
        return new InMemory(origin, values.length / cols, cols, values);
    }

    @Override
    public void read(long first, int n, float[] out) {
        System.arraycopy(values, Math.toIntExact(first * cols), out, 0, n * cols);
    }

    /** The rows as a scheme stores them. */
    Rounded encode(Scheme scheme, Layout layout) {
        int count = Math.toIntExact(rows);
        List<MemorySegment> parts = Rounded.room(new Target.Stored(layout), count, cols);
        long[] at = new long[parts.size()];
        scheme.encode(this, (part, bytes) -> {
            MemorySegment.copy(bytes, 0, parts.get(part), at[part], bytes.byteSize());
            at[part] += bytes.byteSize();
        });
        float[] stored = new float[values.length];
        for (int r = 0; r < count; r++) {
            layout.decodeRow(count, cols, parts, r, stored, r * cols);
        }
        return new Rounded(parts, stored, RoundingError.of(values, stored));
    }
}
