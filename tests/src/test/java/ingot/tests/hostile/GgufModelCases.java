package ingot.tests.hostile;

import static ingot.tests.hostile.GgufCases.with;
import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.HostileCase.mismatch;
import static ingot.tests.hostile.HostileCase.missing;

import ingot.tests.gguf.GgufWriter;
import ingot.tests.gguf.Tiny;
import java.util.List;

/** Rows 87 to 90 and 100: GGUF files that are well formed, but of whose parts no model can be made. */
final class GgufModelCases {
    private GgufModelCases() {}

    static List<HostileCase> all() {
        return List.of(
                bad(
                        "row-87-scores-text",
                        "@\\d+: metadata key 'tokenizer.ggml.scores': .* expected an array of floating-point numbers",
                        with(w -> tokenizer(w, "b", 1).strings("tokenizer.ggml.scores", List.of("a", "b")))),
                bad(
                        "row-87-types-short",
                        "@\\d+: metadata key 'tokenizer.ggml.token_type': 1 entries; expected one for each of 2 tokens",
                        with(w -> tokenizer(w, "b", 1)
                                .without("tokenizer.ggml.token_type")
                                .ints("tokenizer.ggml.token_type", List.of(1)))),
                bad(
                        "row-87-tokens-number",
                        "@\\d+: metadata key 'tokenizer.ggml.tokens': '7'; expected an array of strings",
                        with(w -> tokenizer(w, "b", 1)
                                .without("tokenizer.ggml.tokens")
                                .u32("tokenizer.ggml.tokens", 7))),
                bad(
                        "row-88-byte-token",
                        "token id 1 has type 6; expected 1 \\(normal\\)",
                        with(w -> tokenizer(w, "<0x-1>", 6))),
                bad("row-88-normal-token", "byte 0x00 is no token", with(w -> tokenizer(w, "<0x-1>", 1))),
                bad(
                        "row-89-split-count-lies",
                        "'split.count': 3, but the file is not called",
                        with(w -> w.u32("split.count", 3))),
                missing(
                        "row-89-split-missing",
                        "1 of 2 files are missing: x-00002-of-00002\\.gguf",
                        f -> Tiny.model().u32("split.count", 2).write(f.resolve("x-00001-of-00002.gguf"))),
                missing(
                        "row-89-split-of-9999",
                        "9998 of 9999 files are missing: x-00002-of-09999\\.gguf, .*x-00033-of-09999\\.gguf, …$",
                        f -> Tiny.model().u32("split.count", 9999).write(f.resolve("x-00001-of-09999.gguf"))),
                bad(
                        "row-89-split-tensor-in-two-files",
                        "x-00002-of-00002\\.gguf: tensor 'output_norm\\.weight' @\\d+: also in .*x-00001-of-00002",
                        f -> {
                            new GgufWriter()
                                    .u32("split.no", 1)
                                    .u32("split.count", 2)
                                    .tensor("output_norm.weight", 0, new byte[24], 6)
                                    .write(f.resolve("x-00002-of-00002.gguf"));
                            return Tiny.model().u32("split.count", 2).write(f.resolve("x-00001-of-00002.gguf"));
                        }),
                bad(
                        "row-89-split-files-disagree",
                        "x-00002-of-00002\\.gguf: metadata key 'split\\.no': 0; expected 1",
                        f -> {
                            Tiny.model().u32("split.count", 2).write(f.resolve("x-00002-of-00002.gguf"));
                            return Tiny.model().u32("split.count", 2).write(f.resolve("x-00001-of-00002.gguf"));
                        }),
                bad(
                        "row-89-split-tensors-lie",
                        "'split.tensors.count': 99, but there are 15 tensors",
                        with(w -> w.u32("split.tensors.count", 99))),
                bad("row-89-split-number-lies", "'split.no': 1; expected 0", with(w -> w.u32("split.no", 1))),
                bad(
                        "row-90-head-count-0",
                        "'qwen2.attention.head_count': '0'; expected an integer from 1",
                        with(w -> w.without("qwen2.attention.head_count").u32("qwen2.attention.head_count", 0))),
                bad(
                        "row-90-head-count-missing",
                        "'qwen2.attention.head_count' is missing",
                        with(w -> w.without("qwen2.attention.head_count"))),
                mismatch(
                        "row-90-heads-do-not-divide",
                        "head_count': 4 does not divide the width 6",
                        with(w -> w.without("qwen2.attention.head_count").u32("qwen2.attention.head_count", 4))),
                mismatch(
                        "row-90-other-architecture",
                        "'general.architecture': 'llama' is not supported",
                        with(w -> w.without("general.architecture").text("general.architecture", "llama"))),
                mismatch(
                        "row-90-adapter",
                        "'general.type': 'adapter' is not supported; expected model",
                        with(w -> w.text("general.type", "adapter"))),
                mismatch(
                        "row-90-unknown-setting",
                        "'qwen2.attention.logit_softcap': not understood",
                        with(w -> w.f32("qwen2.attention.logit_softcap", 30))),
                mismatch(
                        "row-90-unknown-tensor",
                        "tensor 'rope_freqs.weight' is none that this architecture",
                        with(w -> w.tensor("rope_freqs.weight", 0, new byte[4], 1))),
                mismatch(
                        "row-100-gguf-config-contradicts",
                        "shape \\[7, 6\\] contradicts|embed_tokens",
                        with(w -> w.without("qwen2.embedding_length")
                                .u32("qwen2.embedding_length", 12)
                                .u32("qwen2.attention.key_length", 2))));
    }

    private static GgufWriter tokenizer(GgufWriter w, String token, int type) {
        return w.text("tokenizer.ggml.model", "gpt2")
                .text("tokenizer.ggml.pre", "qwen2")
                .strings("tokenizer.ggml.tokens", List.of("a", token))
                .ints("tokenizer.ggml.token_type", List.of(1, type))
                .strings("tokenizer.ggml.merges", List.of());
    }
}
