package ingot.runtime.model;

import ingot.formats.hf.ModelConfig;

/**
 * Tensor names of one layer of the Qwen2 and Qwen3 checkpoints. Linear layers are named by their module; {@link
 * #weight} and {@link #bias} give the tensors.
 *
 * @param prefix of the decoder's names; ends in a dot
 * @param layer from 0
 */
record DenseNames(String prefix, int layer) {
    static DenseNames of(ModelConfig config, int layer) {
        return new DenseNames(ModelNames.of(config).prefix(), layer);
    }

    static String weight(String module) {
        return module + ".weight";
    }

    static String bias(String module) {
        return module + ".bias";
    }

    String inputNorm() {
        return in("input_layernorm.weight");
    }

    String query() {
        return in("self_attn.q_proj");
    }

    String key() {
        return in("self_attn.k_proj");
    }

    String value() {
        return in("self_attn.v_proj");
    }

    String output() {
        return in("self_attn.o_proj");
    }

    String queryNorm() {
        return in("self_attn.q_norm.weight");
    }

    String keyNorm() {
        return in("self_attn.k_norm.weight");
    }

    String postNorm() {
        return in("post_attention_layernorm.weight");
    }

    /** The modules of the gated DeltaNet of a layer. */
    DeltaNames delta() {
        return new DeltaNames(in("linear_attn."));
    }

    String router() {
        return in("mlp.gate.weight");
    }

    String sharedGate() {
        return in("mlp.shared_expert_gate.weight");
    }

    /** The modules of the one MLP of a layer. */
    MlpNames mlp() {
        return new MlpNames(in("mlp."));
    }

    /** The modules of one expert. */
    MlpNames expert(int expert) {
        return new MlpNames(in("mlp.experts." + expert + "."));
    }

    /** The modules of the expert every token passes. */
    MlpNames sharedExpert() {
        return new MlpNames(in("mlp.shared_expert."));
    }

    /**
     * The modules of one gated MLP.
     *
     * @param prefix ends in a dot
     */
    record MlpNames(String prefix) {
        String gate() {
            return prefix + "gate_proj";
        }

        String up() {
            return prefix + "up_proj";
        }

        String down() {
            return prefix + "down_proj";
        }
    }

    /**
     * The tensors and modules of one gated DeltaNet.
     *
     * @param prefix ends in a dot
     */
    record DeltaNames(String prefix) {
        String qkv() {
            return prefix + "in_proj_qkv";
        }

        String z() {
            return prefix + "in_proj_z";
        }

        String b() {
            return prefix + "in_proj_b";
        }

        String a() {
            return prefix + "in_proj_a";
        }

        String qkvz() {
            return prefix + "in_proj_qkvz";
        }

        String ba() {
            return prefix + "in_proj_ba";
        }

        String convolution() {
            return prefix + "conv1d.weight";
        }

        String decay() {
            return prefix + "A_log";
        }

        String decayBias() {
            return prefix + "dt_bias";
        }

        String norm() {
            return prefix + "norm.weight";
        }

        String output() {
            return prefix + "out_proj";
        }
    }

    private String in(String name) {
        return prefix + "layers." + layer + "." + name;
    }
}
