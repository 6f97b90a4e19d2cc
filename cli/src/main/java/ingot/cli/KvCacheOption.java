package ingot.cli;

import ingot.runtime.ModelOptions;
import ingot.runtime.kv.KvType;
import picocli.CommandLine.Option;

/** How the commands that run a model store its keys and values. */
final class KvCacheOption {
    @Option(
            order = 900,
            names = "--kv-cache",
            paramLabel = "TYPE",
            description =
                    "Keys and values are stored as ${COMPLETION-CANDIDATES} (default: f32); smaller types make long"
                            + " contexts faster and less exact.")
    TypeName type = TypeName.f32;

    ModelOptions over(ModelOptions options) {
        return options.withKvCache(
                switch (type) {
                    case f32 -> KvType.F32;
                    case f16 -> KvType.F16;
                    case int8 -> KvType.INT8;
                });
    }

    /** Spelled as typed. */
    enum TypeName {
        f32,
        f16,
        int8
    }
}
