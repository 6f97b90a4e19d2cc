package ingot.runtime.kv;

import ingot.runtime.kernel.F16Page;
import ingot.runtime.kernel.F32Page;
import ingot.runtime.kernel.Int8Page;
import ingot.runtime.kernel.KvPage;
import java.util.Locale;

/** How a session stores keys and values. */
public enum KvType {
    /** As computed: 4 bytes per number. */
    F32,
    /** Rounded to half precision: 2 bytes per number. */
    F16,
    /** Eight-bit codes with a scale per 32 numbers of a head: 1.125 bytes per number. */
    INT8;

    KvPage newPage(KvPage.Shape shape) {
        return switch (this) {
            case F32 -> new F32Page(shape);
            case F16 -> new F16Page(shape);
            case INT8 -> new Int8Page(shape);
        };
    }

    /** Bytes of a page of keys and values. */
    public long pageBytes(KvPage.Shape shape) {
        long numbers = (long) shape.allKeys() + shape.allValues();
        return switch (this) {
            case F32 -> numbers * Float.BYTES;
            case F16 -> numbers * Short.BYTES;
            case INT8 -> numbers + 2L * Int8Page.scales(shape) * Float.BYTES;
        };
    }

    /** As it is spelled in options and reports: {@code f32}, {@code f16}, {@code int8}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
