package ingot.runtime.kernel.attention;

import ingot.runtime.kernel.F16Page;
import ingot.runtime.kernel.F32Page;
import ingot.runtime.kernel.Int8Page;
import ingot.runtime.kernel.KvPage;
import java.lang.foreign.MemorySegment;

/**
 * The keys or values of one head of a page as f32: where the page has them, or widened into a buffer. One per thread; what
 * it shows stays until the next call.
 */
public final class PageReader {
    private static final int PANEL = KvPage.PANEL;

    private final PageCodes codes = new PageCodes();
    private float[] room = {};
    private MemorySegment roomSegment = MemorySegment.NULL;
    private float[] data = {};
    private MemorySegment segment = MemorySegment.NULL;
    private int at;

    public float[] data() {
        return data;
    }

    /** {@link #data} for generated code. */
    public MemorySegment segment() {
        return segment;
    }

    /** Where the head begins in {@link #data}. */
    public int at() {
        return at;
    }

    void keys(AttentionTile tile, KvPage page, int head) {
        KvPage.Shape shape = page.shape();
        int from = head * shape.keys();
        switch (page) {
            case F32Page p -> show(p.keys(), from, p.keySegment());
            case F16Page p -> tile.widen(p.keys(), p.keySegment(), from, buffer(shape.keys()), shape.keys());
            case Int8Page p -> {
                float[] out = buffer(shape.keys());
                codes.show(
                        p.keys(),
                        from,
                        p.keyScales(),
                        p.segments().keys(),
                        p.segments().keyScales());
                for (int panel = 0; panel < KvPage.POSITIONS / PANEL; panel++) {
                    for (int d = 0; d < shape.dim(); d += Int8Page.GROUP) {
                        int n = Math.min(Int8Page.GROUP, shape.dim() - d) * PANEL;
                        int scales = p.scalesAt(head, d / Int8Page.GROUP) + panel * PANEL;
                        tile.scaleColumns(codes, scales, out, (panel * shape.dim() + d) * PANEL, n);
                    }
                }
            }
        }
    }

    void values(AttentionTile tile, KvPage page, int head) {
        KvPage.Shape shape = page.shape();
        int from = head * shape.values();
        switch (page) {
            case F32Page p -> show(p.values(), from, p.valueSegment());
            case F16Page p -> tile.widen(p.values(), p.valueSegment(), from, buffer(shape.values()), shape.values());
            case Int8Page p -> {
                float[] out = buffer(shape.values());
                codes.show(
                        p.values(),
                        from,
                        p.valueScales(),
                        p.segments().values(),
                        p.segments().valueScales());
                tile.scaleRows(codes, p.scalesAt(head, 0), out, 0, shape.values());
            }
        }
    }

    private void show(float[] newData, int newAt, MemorySegment newSegment) {
        segment = newSegment;
        data = newData;
        at = newAt;
    }

    /** Shows the buffer, which the caller fills. */
    private float[] buffer(int n) {
        if (room.length < n) {
            room = new float[n];
            roomSegment = MemorySegment.ofArray(room);
        }
        show(room, 0, roomSegment);
        return room;
    }
}
