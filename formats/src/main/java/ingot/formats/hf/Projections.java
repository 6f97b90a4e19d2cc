package ingot.formats.hf;

/**
 * What belongs to the projections of an attention block.
 *
 * @param qkvBias whether the q, k and v projections have a bias
 * @param outputBias whether the output projection has one
 * @param qkNorm whether q and k pass an RMS norm per head before the rotary embedding
 * @param outputGate whether q_proj also makes a gate, per head [q | gate], whose sigmoid multiplies what the head found
 */
public record Projections(boolean qkvBias, boolean outputBias, boolean qkNorm, boolean outputGate) {
    /** Projections without a gate. */
    public Projections(boolean qkvBias, boolean outputBias, boolean qkNorm) {
        this(qkvBias, outputBias, qkNorm, false);
    }
}
