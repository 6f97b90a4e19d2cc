package ingot.runtime.model;

import ingot.formats.hf.DeltaNetConfig;

/** The input projections of a gated DeltaNet, as a checkpoint packs them. */
sealed interface DeltaProjections {
    /** x [tokens][hidden] → every part of {@code out}. */
    void apply(DecoderParts parts, float[] x, int tokens, Outputs out);

    /**
     * Where the projections go.
     *
     * @param qkv [tokens][channels]: all q, all k, all v
     * @param z gate of the output [tokens][valueWidth]
     * @param b update strength before its sigmoid [tokens][valueHeads]
     * @param a decay before its softplus [tokens][valueHeads]
     */
    @SuppressWarnings("ArrayRecordComponent") // buffers, never compared
    record Outputs(float[] qkv, float[] z, float[] b, float[] a) {}

    /** One matrix each. */
    record Split(Linear qkv, Linear z, Linear b, Linear a) implements DeltaProjections {
        @Override
        public void apply(DecoderParts parts, float[] x, int tokens, Outputs out) {
            parts.scratch()
                    .projections()
                    .add(qkv, out.qkv)
                    .add(z, out.z)
                    .add(b, out.b)
                    .add(a, out.a)
                    .apply(parts.kernels(), x, tokens);
        }
    }

    /** Two matrices whose rows are grouped by key head; see {@link DeltaNetConfig.Packing#GROUPED}. */
    record Grouped(DeltaNetConfig config, Linear qkvz, Linear ba) implements DeltaProjections {
        @Override
        public void apply(DecoderParts parts, float[] x, int tokens, Outputs out) {
            float[] packed = parts.scratch().rows(Scratch.Slot.PACKED, tokens, qkvz.rows());
            qkvz.apply(parts.kernels(), x, tokens, packed);
            for (int t = 0; t < tokens; t++) {
                unpack(packed, t, out);
            }
            ba.apply(parts.kernels(), x, tokens, packed);
            int ratio = config.ratio();
            for (int t = 0; t < tokens; t++) {
                for (int head = 0; head < config.keyHeads(); head++) {
                    int from = (t * config.keyHeads() + head) * 2 * ratio;
                    int to = t * config.valueHeads() + head * ratio;
                    System.arraycopy(packed, from, out.b, to, ratio);
                    System.arraycopy(packed, from + ratio, out.a, to, ratio);
                }
            }
        }

        private void unpack(float[] packed, int t, Outputs out) {
            int dim = config.keyDim();
            int values = config.ratio() * config.valueDim();
            int from = t * qkvz.rows();
            int to = t * config.channels();
            for (int head = 0; head < config.keyHeads(); head++) {
                System.arraycopy(packed, from, out.qkv, to + head * dim, dim);
                System.arraycopy(packed, from + dim, out.qkv, to + config.keyWidth() + head * dim, dim);
                System.arraycopy(packed, from + 2 * dim, out.qkv, to + 2 * config.keyWidth() + head * values, values);
                System.arraycopy(
                        packed, from + 2 * dim + values, out.z, t * config.valueWidth() + head * values, values);
                from += 2 * dim + 2 * values;
            }
        }
    }
}
