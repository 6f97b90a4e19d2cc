package ingot.tests.hostile;

import static ingot.tests.hostile.BoundText.numbered;

import ingot.tests.gguf.GgufWriter;
import ingot.tests.gguf.Tiny;
import java.util.Collections;
import java.util.List;

/** Of GGUF files. */
final class BoundGguf {
    private BoundGguf() {}

    static List<Bound> all() {
        // One wide character makes the heap keep two bytes for each.
        String wide = "\u4e00" + "x".repeat((4 << 20) - 3);
        return List.of(
                new Bound(
                        "GGUF",
                        "texts of metadata",
                        160,
                        f -> {
                            GgufWriter w = Tiny.model();
                            for (int i = 0; i < 7; i++) {
                                w.text("general.text" + i, wide);
                            }
                            return w.write(f.resolve("x.gguf"));
                        },
                        0,
                        ""),
                new Bound(
                        "GGUF",
                        "tokens and merges",
                        256,
                        f -> Tiny.model()
                                .text("tokenizer.ggml.model", "gpt2")
                                .text("tokenizer.ggml.pre", "qwen2")
                                .strings("tokenizer.ggml.tokens", numbered("token"))
                                .ints("tokenizer.ggml.token_type", Collections.nCopies(1 << 19, 1))
                                .strings("tokenizer.ggml.merges", numbered("merge"))
                                .write(f.resolve("x.gguf")),
                        65,
                        ""),
                new Bound(
                        "GGUF",
                        "65,536 tensors",
                        128,
                        f -> {
                            GgufWriter w = Tiny.model();
                            for (int i = 15; i < 1 << 16; i++) {
                                w.tensor("x".repeat(120) + i, 0, new byte[4], 1);
                            }
                            return w.write(f.resolve("x.gguf"));
                        },
                        78,
                        ""));
    }
}
