package ingot.tests.hostile;

import static ingot.tests.hostile.BoundText.LONG;
import static ingot.tests.hostile.BoundText.filled;
import static ingot.tests.hostile.BoundText.string;

import java.nio.file.Path;
import java.util.List;

/** Of the files beside the weights. */
final class BoundJson {
    private BoundJson() {}

    static List<Bound> all() {
        return List.of(
                new Bound(
                        "config.json",
                        "values",
                        96,
                        f -> {
                            Path model = new TinyModel().write(f);
                            // Five tokens each.
                            filled(model.resolve("config.json"), "{\"a\":[", 104_000, i -> "{\"a\":{}}", 8 << 20);
                            return model;
                        },
                        78,
                        "no 'model_type'"),
                new Bound(
                        "config.json",
                        "one string",
                        96,
                        f -> {
                            Path model = new TinyModel().write(f);
                            string(model.resolve("config.json"), "{\"a\":\"", (8 << 20) - 8);
                            return model;
                        },
                        78,
                        "no 'model_type'"),
                new Bound(
                        "config.json",
                        "one string with a letter of another script",
                        96,
                        f -> {
                            Path model = new TinyModel().write(f);
                            string(model.resolve("config.json"), "{\"a\":\"\u4e00", (8 << 20) - 11);
                            return model;
                        },
                        78,
                        "no 'model_type'"),
                new Bound(
                        "tokenizer_config.json",
                        "values",
                        96,
                        f -> {
                            Path model = TokenizerCases.tokenizer(f, 258, root -> {});
                            filled(
                                    model.resolve("tokenizer_config.json"),
                                    "{\"a\":[",
                                    104_000,
                                    i -> "{\"a\":{}}",
                                    4 << 20);
                            return model;
                        },
                        0,
                        ""),
                new Bound(
                        "index",
                        "tensors",
                        256,
                        f -> {
                            new TinyModel().write(f);
                            Path index = f.resolve("model.safetensors.index.json");
                            filled(
                                    index,
                                    "{\"weight_map\":{",
                                    (1 << 19) - 10,
                                    i -> "\"" + LONG + i + "\":\"model.safetensors\"",
                                    0);
                            return index;
                        },
                        65,
                        "does not put it into this shard"),
                new Bound(
                        "index",
                        "one string",
                        128,
                        f -> {
                            new TinyModel().write(f);
                            Path index = f.resolve("model.safetensors.index.json");
                            string(index, "{\"weight_map\":{\"a\":\"", (64 << 20) - 30, "}");
                            return index;
                        },
                        65,
                        "@\\d+: a string of \\d+ bytes; at most 1048576 are accepted"));
    }
}
