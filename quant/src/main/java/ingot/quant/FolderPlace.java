package ingot.quant;

import ingot.formats.block.Dense;
import ingot.quant.folder.FolderFormat;
import ingot.quant.folder.FolderFormat.Part;
import ingot.quant.folder.IntegerFormat;
import ingot.quant.folder.NormalCodes;
import ingot.quant.folder.NormalFormat;
import ingot.quant.folder.Regrouped;
import ingot.quant.grid.RoundedCodes;
import ingot.quant.grid.RoundedNormals;
import ingot.quant.scheme.DenseScheme;
import ingot.quant.scheme.IntegerCodes;
import ingot.runtime.model.WeightSpec;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** How a folder stores one weight. */
sealed interface FolderPlace {
    /** Tensors of the folder. */
    List<Part> parts();

    String label();

    /**
     * Writes a weight into its parts.
     *
     * @return the squared error over the sum of squares of the weights; 0 where nothing was rounded
     */
    double write(Source source, WeightSpec weight, FolderFormat.Sink sink);

    /**
     * Where a weight goes.
     *
     * @param format of the linear layers, where they are no plain numbers
     * @param common type of a folder of plain numbers
     * @param notes is told why a linear layer does not fit the format
     */
    static FolderPlace of(
            FolderPlan plan, Optional<FolderFormat> format, WeightSpec weight, Dense common, List<String> notes) {
        if (format.isEmpty()) {
            return plain(weight, plan.plainType(weight, common));
        }
        if (weight.role() != WeightSpec.Role.LINEAR || !weight.name().endsWith(".weight")) {
            return plain(weight, plan.exact(weight));
        }
        String obstacle = format.get().obstacle(weight.shape().rows(), weight.cols());
        if (!obstacle.isEmpty()) {
            notes.add(weight.name() + " stays plain: " + obstacle);
            return plain(weight, plan.exact(weight));
        }
        String module = module(weight);
        return new Quantized(
                format.get(), module, format.get().parts(module, weight.shape().rows(), weight.cols()));
    }

    private static Plain plain(WeightSpec weight, Dense dense) {
        return new Plain(dense, new Part(weight.name(), dense.type(), weight.shape()));
    }

    /** The name of a linear layer, as formats list them. */
    static String module(WeightSpec weight) {
        return weight.name().substring(0, weight.name().length() - ".weight".length());
    }

    /** Floating-point numbers. */
    record Plain(Dense dense, Part part) implements FolderPlace {
        @Override
        public List<Part> parts() {
            return List.of(part);
        }

        @Override
        public String label() {
            return dense.label();
        }

        @Override
        public double write(Source source, WeightSpec weight, FolderFormat.Sink sink) {
            AtomicLong at = new AtomicLong();
            try (Source.Rows rows = source.rows(weight, WeightReader.NonFinite.KEEP)) {
                return new DenseScheme(dense, false)
                        .encode(
                                rows,
                                (ignored, bytes) -> sink.write(
                                        weight.name(), at.getAndAdd(bytes.byteSize()), bytes.asByteBuffer()));
            }
        }
    }

    /** The format of another quantizer: what the source holds in it bit for bit, everything else rounded. */
    record Quantized(FolderFormat format, String module, List<Part> parts) implements FolderPlace {
        @Override
        public String label() {
            return format.describe();
        }

        @Override
        public double write(Source source, WeightSpec weight, FolderFormat.Sink sink) {
            return switch (format) {
                case IntegerFormat integers -> write(integers, source, weight, sink);
                case NormalFormat normals -> write(normals, source, weight, sink);
            };
        }

        private double write(IntegerFormat integers, Source source, WeightSpec weight, FolderFormat.Sink sink) {
            Optional<IntegerCodes> exact =
                    SourceCodes.integers(source, weight).flatMap(codes -> Regrouped.fitting(codes, integers));
            if (exact.isPresent()) {
                integers.write(exact.get(), module, sink);
                return 0;
            }
            try (Source.Rows rows = source.rows(weight, WeightReader.NonFinite.REFUSE)) {
                RoundedCodes codes = new RoundedCodes(rows, integers.bits(), integers.groupOf(weight.cols()));
                integers.write(codes, module, sink);
                return codes.nmse();
            }
        }

        private double write(NormalFormat normals, Source source, WeightSpec weight, FolderFormat.Sink sink) {
            Optional<NormalCodes> exact = SourceCodes.normals(source, weight, normals.nested());
            if (exact.isPresent()) {
                normals.write(exact.get(), module, sink);
                return 0;
            }
            try (Source.Rows rows = source.rows(weight, WeightReader.NonFinite.REFUSE)) {
                RoundedNormals codes = new RoundedNormals(rows, normals.nested());
                normals.write(SourceCodes.of(codes, weight, normals.nested()), module, sink);
                return codes.nmse();
            }
        }
    }
}
