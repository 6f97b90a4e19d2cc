package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.accept;
import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.HostileCase.mismatch;
import static ingot.tests.hostile.TinyModel.EMBED;
import static ingot.tests.hostile.TinyModel.GATE;

import ingot.tests.hostile.HostileCase.Accepted;
import ingot.tests.hostile.HostileCase.Maker;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Rows 95 to 101: weights no type can hold, and tensors that contradict the configuration. */
final class ValueCases {
    private static final String IN_GATE = "model\\.safetensors: tensor '" + GATE + "' @";

    private ValueCases() {}

    static List<HostileCase> all() {
        return Stream.of(nonFinite(), range(), shapes()).flatMap(List::stream).toList();
    }

    private static List<HostileCase> nonFinite() {
        long gateAt = gateAt();
        return List.of(
                bad(
                        "row-95-nan",
                        IN_GATE + (gateAt + 4 * 29) + ": 1 weights are NaN or infinite, the first at index 29",
                        f -> new TinyModel().set(GATE, w -> w[29] = Float.NaN).write(f)),
                bad(
                                "row-95-infinities",
                                IN_GATE + (gateAt + 4 * 7) + ": 2 weights are NaN or infinite, the first at index 7",
                                f -> new TinyModel()
                                        .set(GATE, w -> {
                                            w[7] = Float.NEGATIVE_INFINITY;
                                            w[22] = Float.POSITIVE_INFINITY;
                                        })
                                        .write(f))
                        .as("int4"),
                bad(
                                "row-95-nan-in-f16",
                                IN_GATE + "\\d+: 1 weights are NaN or infinite, the first at index 3",
                                f -> new TinyModel()
                                        .sixteenBits(GATE, "F16", with((short) 0x7E01))
                                        .write(f))
                        .as("int8"),
                bad(
                                "row-95-infinity-in-bf16",
                                IN_GATE + "\\d+: 1 weights are NaN or infinite, the first at index 3",
                                f -> new TinyModel()
                                        .sixteenBits(GATE, "BF16", with((short) 0xFF80))
                                        .write(f))
                        .as("nf4"),
                bad(
                        "row-95-nan-in-a-norm",
                        "tensor 'model.norm.weight' @\\d+: 1 weights are NaN or infinite",
                        f -> new TinyModel()
                                .set(TinyModel.NORM, w -> w[5] = Float.NaN)
                                .write(f)));
    }

    private static List<HostileCase> range() {
        return List.of(
                bad(
                                "row-96-f32-70000-to-f16",
                                IN_GATE + "\\d+: 1 weights beyond ±65504 do not fit f16",
                                f -> new TinyModel()
                                        .set(GATE, w -> w[11] = 70_000)
                                        .write(f))
                        .as("f16"),
                kept("row-96-f32-65504-to-f16", "f16", GATE, new TinyModel().set(GATE, w -> w[11] = 65_504), 0.002),
                bad(
                                "row-97-int8-scale-beyond-f16",
                                IN_GATE + "\\d+: a group needs the scale .* beyond the ±65504 of f16",
                                f -> new TinyModel()
                                        .set(GATE, w -> w[11] = 1e7f)
                                        .write(f))
                        .as("int8"),
                bad(
                                "row-97-int4-scale-beyond-f16",
                                IN_GATE + "\\d+: a group needs the scale .* beyond the ±65504 of f16",
                                f -> new TinyModel()
                                        .set(GATE, w -> w[11] = -1e6f)
                                        .write(f))
                        .as("int4"),
                bad(
                                "row-97-iq4-scale-beyond-f16",
                                IN_GATE + "\\d+: a group needs the scale .* beyond the ±65504 of f16",
                                f -> new TinyModel()
                                        .set(GATE, w -> w[11] = 1e7f)
                                        .write(f))
                        .as("iq4"),
                kept("row-98-group-of-zeros-int3", "int3", GATE, new TinyModel().set(GATE, w -> Arrays.fill(w, 0f)), 0),
                kept("row-98-group-of-zeros-iq4", "iq4", GATE, new TinyModel().set(GATE, w -> Arrays.fill(w, 0f)), 0),
                kept("row-98-group-of-zeros-int8", "int8", GATE, new TinyModel().set(GATE, w -> Arrays.fill(w, 0f)), 0),
                kept("row-98-group-of-zeros-int4", "int4", GATE, new TinyModel().set(GATE, w -> Arrays.fill(w, 0f)), 0),
                kept("row-98-group-of-zeros-nf4", "nf4", GATE, new TinyModel().set(GATE, w -> Arrays.fill(w, 0f)), 0),
                kept(
                        "row-98-group-of-zeros-nf4-dq",
                        "nf4-dq",
                        GATE,
                        new TinyModel().set(GATE, w -> Arrays.fill(w, 0f)),
                        0),
                besideZeros("int8", 0.02),
                besideZeros("int6", 0.05),
                besideZeros("int5", 0.08),
                besideZeros("int4", 0.12),
                besideZeros("int3", 0.25),
                besideZeros("iq4", 0.15),
                besideZeros("nf4", 0.15),
                besideZeros("nf4-dq", 0.15),
                kept(
                        "row-98-group-of-negative-zeros",
                        "int4",
                        GATE,
                        new TinyModel().set(GATE, w -> Arrays.fill(w, -0f)),
                        0),
                // Scales of about 2^-17, subnormal in f16 in steps of 2^-24: half a step of the grid, no clipping.
                kept("row-99-subnormal-scale-int8", "int8", GATE, tiny(0x1p-10f), 0x1p-17 / 2 + 0x1p-24),
                kept("row-99-subnormal-scale-int4", "int4", GATE, tiny(0x1p-14f), 0x1p-17 + 0x1p-24),
                kept("row-99-subnormal-scale-int6", "int6", GATE, tiny(0x1p-12f), 0x1p-17 + 0x1p-24),
                // Below the smallest f16 scale everything is nearest to zero or to the one code beside it.
                kept("row-99-vanishing-scale-int8", "int8", GATE, tiny(0x1p-40f), 0x1p-25),
                kept("row-99-f32-subnormals-iq4", "iq4", GATE, tiny(0x1p-140f), 127 * 0x1p-24),
                kept("row-99-f32-subnormals-nf4", "nf4", GATE, tiny(0x1p-140f), 0x1p-139),
                kept("row-99-f32-maximum-nf4-dq", "nf4-dq", GATE, new TinyModel().set(GATE, w -> w[3] = 3e38f), 4e37));
    }

    private static List<HostileCase> shapes() {
        String config = "contradicts config\\.json, which asks for ";
        return List.of(
                mismatch(
                        "row-100-vocabulary-contradicts",
                        "tensor '" + EMBED + "': shape \\[7, 6\\] " + config + "\\[8, 6\\]",
                        f -> new TinyModel().config(c -> c.put("vocab_size", 8)).write(f)),
                mismatch(
                        "row-100-intermediate-contradicts",
                        "shape \\[5, 6\\] " + config + "\\[6, 6\\]",
                        f -> new TinyModel()
                                .config(c -> c.put("intermediate_size", 6))
                                .write(f)),
                mismatch(
                        "row-100-heads-contradict",
                        "shape \\[6, 6\\] " + config + "\\[12, 6\\]",
                        f -> new TinyModel().config(c -> c.put("head_dim", 4)).write(f)),
                mismatch(
                        "row-100-more-layers-than-tensors",
                        "tensor 'model.layers.1.input_layernorm.weight' is missing.*and 11 more",
                        f -> new TinyModel()
                                .config(c -> c.put("num_hidden_layers", 2))
                                .write(f)),
                mismatch(
                        "row-100-tensor-of-another-architecture",
                        "tensor 'model.layers.0.self_attn.q_norm.weight' \\[2\\] has no place",
                        f -> new TinyModel()
                                .tensor("model.layers.0.self_attn.q_norm.weight", "F32", "[2]", new byte[8])
                                .write(f)),
                mismatch(
                        "row-100-transposed",
                        "tensor '" + GATE + "': shape \\[6, 5\\] " + config + "\\[5, 6\\]",
                        f -> new TinyModel()
                                .tensor(GATE, "F32", "[6,5]", new byte[120])
                                .write(f)),
                mismatch(
                        "row-100-integer-weights",
                        "tensor '" + GATE + "': type I32; expected floating point",
                        f -> new TinyModel()
                                .tensor(GATE, "I32", "[5,6]", new byte[120])
                                .write(f)),
                mismatch(
                        "row-101-lm-head-absent-but-not-tied",
                        "config\\.json: tensor 'lm_head.weight' is missing and tie_word_embeddings is false",
                        f -> new TinyModel().without("lm_head.weight").write(f)),
                new HostileCase(
                        "row-101-lm-head-beside-tied-embeddings",
                        "f32",
                        f -> new TinyModel()
                                .config(c -> c.put("tie_word_embeddings", true))
                                .write(f),
                        new Accepted(new TinyModel().without("lm_head.weight").values(), 0, "")),
                accept(
                        "row-101-rotary-table-stored",
                        f -> new TinyModel()
                                .tensor("model.layers.0.self_attn.rotary_emb.inv_freq", "F32", "[1]", new byte[4])
                                .write(f)));
    }

    private static HostileCase kept(String name, String type, String tensor, TinyModel model, double tolerance) {
        Maker maker = model::write;
        return new HostileCase(name, type, maker, new Accepted(Map.of(tensor, model.value(tensor)), tolerance, ""));
    }

    /** Rows of 64 weights, of which the first 32 are zeros: one group of a row, or half of one. */
    private static HostileCase besideZeros(String type, double tolerance) {
        int cols = 64;
        String down = "model.layers.0.mlp.down_proj.weight";
        float[] w = new float[TinyModel.HIDDEN * cols];
        for (int i = 0; i < w.length; i++) {
            w[i] = i % cols < 32 ? 0 : (i * 37 % 101 - 50) / 64f;
        }
        TinyModel model = new TinyModel().config(c -> c.put("intermediate_size", cols));
        for (String name : List.of(GATE, "model.layers.0.mlp.up_proj.weight")) {
            model.floats(name, new float[cols * TinyModel.HIDDEN], cols, TinyModel.HIDDEN);
        }
        return kept(
                "row-98-zeros-beside-others-" + type,
                type,
                down,
                model.floats(down, w, TinyModel.HIDDEN, cols),
                tolerance);
    }

    /** The gate's weights scaled so that the largest has about this magnitude. */
    private static TinyModel tiny(float magnitude) {
        return new TinyModel().set(GATE, w -> {
            for (int i = 0; i < w.length; i++) {
                w[i] *= magnitude;
            }
        });
    }

    private static short[] with(short fourth) {
        short[] bits = new short[30];
        bits[3] = fourth;
        return bits;
    }

    private static long gateAt() {
        TinyModel model = new TinyModel();
        long at = 8 + TinyModel.headerJson(model.tensors()).length();
        for (var entry : model.tensors().entrySet()) {
            if (entry.getKey().equals(GATE)) {
                break;
            }
            at += entry.getValue().data().length;
        }
        return at;
    }
}
