package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.BlockCall.pair;
import static java.lang.foreign.MemorySegment.NULL;

import ingot.runtime.kernel.KvPage;
import ingot.runtime.kernel.Queries;
import ingot.runtime.kernel.attention.AttentionTile;
import ingot.runtime.kernel.attention.FloatRows;
import ingot.runtime.kernel.attention.PageCodes;
import ingot.runtime.kernel.attention.PageReader;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** The loops of attention in generated code, with the bits of the vector backend. */
final class NativeTile implements AttentionTile {
    private final BlockCode code;
    private final ArraySegments arrays;

    NativeTile(BlockCode code, ArraySegments arrays) {
        this.code = code;
        this.arrays = arrays;
    }

    @Override
    public void add(FloatRows a, int rows, PageReader b, int bAt, int k, FloatRows c) {
        int room = rows % Queries.TILE == Queries.TILE - 1 ? rows + 1 : rows;
        Objects.checkFromIndexSize(a.cursor(room - 1), k, a.data().length);
        Objects.checkFromIndexSize(b.at() + bAt, k * KvPage.PANEL, b.data().length);
        Objects.checkFromIndexSize(c.cursor(room - 1), KvPage.PANEL, c.data().length);
        BlockCode.call(
                code.tile,
                arrays.of(a.data()),
                b.segment(),
                arrays.of(c.data()),
                pair(a.cursor(0), a.stride()),
                pair(b.at() + bAt, k),
                pair(c.cursor(0), c.stride()),
                rows,
                0L);
    }

    @Override
    public float weigh(float[] w, int at, int stop, float[] sums) {
        Objects.checkFromToIndex(at, stop, w.length);
        Objects.checkFromIndexSize(0, LANES, sums.length);
        return Float.intBitsToFloat(
                (int) BlockCode.call(code.weigh, arrays.of(w), arrays.of(sums), NULL, at, stop - at, 0L, 0L, 0L));
    }

    @Override
    public void widen(short[] halves, MemorySegment segment, int at, float[] out, int n) {
        Objects.checkFromIndexSize(at, n, halves.length);
        Objects.checkFromIndexSize(0, n, out.length);
        BlockCode.call(code.halves, segment, arrays.of(out), NULL, at, n, 0L, 0L, 0L);
    }

    @Override
    public void scaleColumns(PageCodes codes, int scaleAt, float[] out, int at, int n) {
        Objects.checkFromIndexSize(scaleAt, KvPage.PANEL, codes.scales().length);
        scale(code.columns, codes, scaleAt, out, at, n);
    }

    @Override
    public void scaleRows(PageCodes codes, int scaleAt, float[] out, int at, int n) {
        Objects.checkFromIndexSize(scaleAt, n / KvPage.PANEL, codes.scales().length);
        scale(code.rows, codes, scaleAt, out, at, n);
    }

    private void scale(MemorySegment function, PageCodes codes, int scaleAt, float[] out, int at, int n) {
        Objects.checkFromIndexSize(codes.at() + at, n, codes.data().length);
        Objects.checkFromIndexSize(at, n, out.length);
        BlockCode.call(
                function,
                codes.dataSegment(),
                codes.scaleSegment(),
                arrays.of(out),
                codes.at() + at,
                scaleAt,
                at,
                n,
                0L);
    }
}
