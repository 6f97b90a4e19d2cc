package ingot.quant.gptq;

import ingot.formats.DType;
import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.formats.block.Part;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.PackedBlock;
import ingot.quant.scheme.F16Scale;
import java.util.List;
import java.util.Locale;

/** What a matrix is rounded to: a layout of .ingot files, or blocks of a GGUF type. */
public sealed interface Target {
    /** A layout with scales. */
    record Stored(Layout layout) implements Target {
        @Override
        public Units units(int cols) {
            return Units.of(LayoutStorage.geometry(layout, 1, cols).group());
        }

        @Override
        public List<Long> parts(int rows, int cols) {
            return layout.parts(rows, cols).stream().map(Part::bytes).toList();
        }

        @Override
        public boolean whole() {
            // Scales that are quantized themselves belong to the matrix as a whole.
            return layout instanceof Nf4 nf4 && nf4.doubleQuant();
        }

        @Override
        public boolean rounds() {
            return switch (layout) {
                case Dense dense -> false;
                case Grouped grouped -> true;
                case Nf4 nf4 -> true;
            };
        }

        @Override
        public float most() {
            return switch (layout) {
                case Dense dense -> dense.type() == DType.F16 ? F16Scale.MAX : Float.MAX_VALUE;
                case Grouped grouped -> LayoutStorage.most(grouped);
                case Nf4 nf4 -> Float.MAX_VALUE;
            };
        }

        @Override
        public String label() {
            return layout.label();
        }
    }

    /** Blocks of a GGUF type; those that {@link GgmlType#packed} has divide the rows. */
    record Blocks(GgmlType type) implements Target {
        @Override
        public Units units(int cols) {
            PackedBlock block = BlockStorage.block(type);
            return new Units(block.weights() / block.groups(), block.weights());
        }

        @Override
        public List<Long> parts(int rows, int cols) {
            return List.of(type.bytes(Math.multiplyExact((long) rows, cols)));
        }

        @Override
        public boolean whole() {
            return false;
        }

        @Override
        public boolean rounds() {
            return type.packed().isPresent();
        }

        @Override
        public float most() {
            return rounds() ? BlockStorage.most(type) : type == GgmlType.F16 ? F16Scale.MAX : Float.MAX_VALUE;
        }

        @Override
        public String label() {
            return type.name().toLowerCase(Locale.ROOT);
        }
    }

    /** Columns that have to stay together in an {@link Order} for this. */
    Units units(int cols);

    /** Bytes of each part of a matrix, or of its first rows; a multiple of 16 rows, or all. */
    List<Long> parts(int rows, int cols);

    /** Whether rows cannot be rounded without knowing all of them. */
    boolean whole();

    /** Whether it has scales to choose; plain numbers have none. */
    boolean rounds();

    /** A weight of larger magnitude needs a scale that cannot be stored, or is itself too large. */
    float most();

    /** Short name for notes. */
    String label();
}
