package ingot.runtime.model;

/**
 * Tensor names of one layer of the first Qwen.
 *
 * @param layer from 0
 */
record Qwen1Names(int layer) {
    String inputNorm() {
        return in("ln_1.weight");
    }

    /** Rows of q, of k and of v, one third each. */
    String qkv() {
        return in("attn.c_attn");
    }

    String output() {
        return in("attn.c_proj");
    }

    String postNorm() {
        return in("ln_2.weight");
    }

    /** What passes silu. */
    String gate() {
        return in("mlp.w2");
    }

    String up() {
        return in("mlp.w1");
    }

    String down() {
        return in("mlp.c_proj");
    }

    private String in(String name) {
        return "transformer.h." + layer + "." + name;
    }
}
