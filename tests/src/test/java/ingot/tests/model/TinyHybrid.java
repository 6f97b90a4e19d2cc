package ingot.tests.model;

import java.util.stream.IntStream;

/** Random checkpoints of hybrid models without experts, and their config.json. */
final class TinyHybrid {
    private TinyHybrid() {}

    /** Weights under {@code prefix}; a bias on the projections of attention if {@code bias}. */
    static TinyCheckpoint checkpoint(NaiveHybrid.Shape s, int inner, String prefix, String dtype, boolean bias) {
        var tensors = new TinyCheckpoint(s.hidden() + 31L * s.vocab());
        tensors.matrix(prefix + "embed_tokens.weight", dtype, s.vocab(), s.hidden(), Math.sqrt(s.hidden()));
        for (int layer = 0; layer < s.linear().length; layer++) {
            String p = prefix + "layers." + layer + ".";
            tensors.vector(p + "input_layernorm.weight", dtype, s.hidden(), 0, 0.2);
            if (s.linear()[layer]) {
                delta(tensors, s, p + "linear_attn.", dtype);
            } else {
                attention(tensors, s, p + "self_attn.", dtype, bias);
            }
            tensors.vector(p + "post_attention_layernorm.weight", dtype, s.hidden(), 0, 0.2);
            tensors.matrix(p + "mlp.gate_proj.weight", dtype, inner, s.hidden(), 1.5);
            tensors.matrix(p + "mlp.up_proj.weight", dtype, inner, s.hidden(), 1.5);
            tensors.matrix(p + "mlp.down_proj.weight", dtype, s.hidden(), inner, 1.5);
        }
        tensors.vector(prefix + "norm.weight", dtype, s.hidden(), 0, 0.2);
        tensors.matrix("lm_head.weight", dtype, s.vocab(), s.hidden(), 1);
        return tensors;
    }

    private static void delta(TinyCheckpoint tensors, NaiveHybrid.Shape s, String p, String dtype) {
        NaiveHybrid.Delta d = s.delta();
        int channels = 2 * d.keyWidth() + d.valueWidth();
        if (d.grouped()) {
            tensors.matrix(p + "in_proj_qkvz.weight", dtype, channels + d.valueWidth(), s.hidden(), 1.5);
            tensors.matrix(p + "in_proj_ba.weight", dtype, 2 * d.valueHeads(), s.hidden(), 1.5);
        } else {
            tensors.matrix(p + "in_proj_qkv.weight", dtype, channels, s.hidden(), 1.5);
            tensors.matrix(p + "in_proj_z.weight", dtype, d.valueWidth(), s.hidden(), 1.5);
            tensors.matrix(p + "in_proj_b.weight", dtype, d.valueHeads(), s.hidden(), 1.5);
            tensors.matrix(p + "in_proj_a.weight", dtype, d.valueHeads(), s.hidden(), 1.5);
        }
        tensors.taps(p + "conv1d.weight", dtype, channels, 1, d.kernel());
        tensors.vector(p + "A_log", "F32", d.valueHeads(), -1.5, 1);
        tensors.vector(p + "dt_bias", dtype, d.valueHeads(), 0, 0.5);
        tensors.vector(p + "norm.weight", "F32", d.valueDim(), 1, 0.2);
        tensors.matrix(p + "out_proj.weight", dtype, s.hidden(), d.valueWidth(), 1.5);
    }

    private static void attention(TinyCheckpoint tensors, NaiveHybrid.Shape s, String p, String dtype, boolean bias) {
        int[] rows = {2 * s.heads() * s.headDim(), s.kvHeads() * s.headDim(), s.kvHeads() * s.headDim(), s.hidden()};
        int[] cols = {s.hidden(), s.hidden(), s.hidden(), s.heads() * s.headDim()};
        String[] names = {"q_proj", "k_proj", "v_proj", "o_proj"};
        for (int i = 0; i < names.length; i++) {
            tensors.matrix(p + names[i] + ".weight", dtype, rows[i], cols[i], 1.5);
            if (bias) {
                tensors.vector(p + names[i] + ".bias", dtype, rows[i], 0, 0.3);
            }
        }
        tensors.vector(p + "q_norm.weight", dtype, s.headDim(), 0, 0.2);
        tensors.vector(p + "k_norm.weight", dtype, s.headDim(), 0, 0.2);
    }

    /** The decoder's fields; {@code more} is put behind them. */
    static String config(String type, NaiveHybrid.Shape s, int inner, String more) {
        NaiveHybrid.Delta d = s.delta();
        String types = IntStream.range(0, s.linear().length)
                .mapToObj(i -> s.linear()[i] ? "\"linear_attention\"" : "\"full_attention\"")
                .reduce((a, b) -> a + ", " + b)
                .orElseThrow();
        return """
                {"model_type": "%s", "hidden_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
                 "num_key_value_heads": %d, "head_dim": %d, "intermediate_size": %d, "vocab_size": %d,
                 "linear_num_key_heads": %d, "linear_num_value_heads": %d, "linear_key_head_dim": %d,
                 "linear_value_head_dim": %d, "linear_conv_kernel_dim": %d, "layer_types": [%s], %s}""".formatted(
                        type,
                        s.hidden(),
                        s.linear().length,
                        s.heads(),
                        s.kvHeads(),
                        s.headDim(),
                        inner,
                        s.vocab(),
                        d.keyHeads(),
                        d.valueHeads(),
                        d.keyDim(),
                        d.valueDim(),
                        d.kernel(),
                        types,
                        more);
    }
}
