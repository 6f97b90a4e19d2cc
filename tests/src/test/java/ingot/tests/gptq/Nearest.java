package ingot.tests.gptq;

import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.formats.block.Part;
import ingot.quant.scheme.IntegerRtn;
import ingot.quant.scheme.MatrixSource;
import ingot.quant.scheme.Nf4Rtn;
import ingot.quant.scheme.Scheme;
import ingot.quant.scheme.TableRtn;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Round-to-nearest, to compare with. */
final class Nearest {
    private Nearest() {}

    /** What the weights [rows][cols] become. */
    static float[] round(float[] w, int cols, Layout layout) {
        int rows = w.length / cols;
        List<MemorySegment> parts = new ArrayList<>();
        for (Part part : layout.parts(rows, cols)) {
            parts.add(MemorySegment.ofArray(new byte[(int) part.bytes()]));
        }
        long[] at = new long[parts.size()];
        scheme(layout).encode(new Source(rows, cols, w), (part, bytes) -> {
            MemorySegment.copy(bytes, 0, parts.get(part), at[part], bytes.byteSize());
            at[part] += bytes.byteSize();
        });
        float[] out = new float[w.length];
        for (int r = 0; r < rows; r++) {
            layout.decodeRow(rows, cols, parts, r, out, r * cols);
        }
        return out;
    }

    private static Scheme scheme(Layout layout) {
        return switch (layout) {
            case Iq4 table -> new TableRtn(table);
            case Grouped integers -> new IntegerRtn(integers);
            case Nf4 nf4 -> new Nf4Rtn(nf4);
            case Dense dense -> throw new IllegalArgumentException(dense.label());
        };
    }

    @SuppressWarnings("ArrayRecordComponent") // a view
    private record Source(long rows, int cols, float[] values) implements MatrixSource {
        @Override
        public String origin() {
            return "test";
        }

        @Override
        public void read(long first, int n, float[] out) {
            System.arraycopy(values, (int) (first * cols), out, 0, n * cols);
        }
    }
}
