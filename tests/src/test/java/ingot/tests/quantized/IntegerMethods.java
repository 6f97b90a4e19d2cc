package ingot.tests.quantized;

import java.util.Random;

/** GPTQ, AWQ and the integer kinds of compressed-tensors, from their layout tables. */
final class IntegerMethods {
    private IntegerMethods() {}

    /** How zeros are stored, and what the label says of it. */
    enum Zeros {
        V1_SYMMETRIC,
        V2_SYMMETRIC,
        V1_SYMMETRIC_LABELLED_V2,
        V2_SYMMETRIC_LABELLED_V1,
        V1_ASYMMETRIC,
        V2_ASYMMETRIC;

        boolean symmetric() {
            return name().contains("_SYMMETRIC");
        }

        boolean lessOne() {
            return name().startsWith("V1");
        }

        String label() {
            boolean two = name().endsWith("LABELLED_V2") || (!lessOne() && !name().endsWith("LABELLED_V1"));
            return two ? "gptq_v2" : "gptq";
        }
    }

    record Gptq(int bits, int group, Zeros zeros, boolean actOrder, boolean withIndex, String scales)
            implements Method {
        @Override
        public String config() {
            return "{\"quant_method\":\"gptq\",\"bits\":%d,\"group_size\":%d,\"sym\":%b,\"desc_act\":%b,\"checkpoint_format\":\"%s\"}"
                    .formatted(bits, group, zeros.symmetric(), actOrder, zeros.label());
        }

        @Override
        public float[] put(FolderBuilder folder, String module, float[] weights, int out, Random random) {
            int in = weights.length / out;
            int size = group < 0 ? in : group;
            int[] groupOf = actOrder ? Rounded.shuffledGroups(in, size, random) : Rounded.evenGroups(in, size);
            Rounded.Precision precision = scales.equals("F16") ? Rounded.F16 : Rounded.BF16;
            Rounded r = Rounded.of(weights, out, bits, zeros.symmetric(), groupOf, precision);
            int words = (in * bits + 31) / 32;
            int[] qweight = new int[words * out];
            for (int o = 0; o < out; o++) {
                int[] column = Rounded.stream(r.q()[o], bits);
                for (int w = 0; w < words; w++) {
                    qweight[w * out + o] = column[w];
                }
            }
            int line = (out * bits + 31) / 32;
            int[] qzeros = new int[r.groups() * line];
            float[] scale = new float[r.groups() * out];
            for (int g = 0; g < r.groups(); g++) {
                int[] stored = new int[out];
                for (int o = 0; o < out; o++) {
                    stored[o] = r.zero()[o][g] - (zeros.lessOne() ? 1 : 0);
                    scale[g * out + o] = r.scale()[o][g];
                }
                System.arraycopy(Rounded.stream(stored, bits), 0, qzeros, g * line, line);
            }
            folder.ints(module + ".qweight", qweight, words, out);
            folder.ints(module + ".qzeros", qzeros, r.groups(), line);
            folder.floats(module + ".scales", scales, scale, r.groups(), out);
            if (withIndex) {
                folder.ints(module + ".g_idx", groupOf, in);
            }
            return r.values();
        }
    }

    record Awq(int group) implements Method {
        private static final int[] ORDER = {0, 2, 4, 6, 1, 3, 5, 7};

        @Override
        public String config() {
            return "{\"quant_method\":\"awq\",\"bits\":4,\"group_size\":%d,\"version\":\"gemm\",\"zero_point\":true}"
                    .formatted(group);
        }

        @Override
        public float[] put(FolderBuilder folder, String module, float[] weights, int out, Random random) {
            int in = weights.length / out;
            int size = group < 0 ? in : group;
            Rounded r = Rounded.of(weights, out, 4, false, Rounded.evenGroups(in, size), Rounded.F16);
            int[] qweight = new int[in * out / 8];
            int[] qzeros = new int[r.groups() * out / 8];
            float[] scale = new float[r.groups() * out];
            for (int c = 0; c < out / 8; c++) {
                for (int j = 0; j < 8; j++) {
                    int o = 8 * c + ORDER[j];
                    for (int i = 0; i < in; i++) {
                        qweight[i * out / 8 + c] += r.q()[o][i] << 4 * j;
                    }
                    for (int g = 0; g < r.groups(); g++) {
                        qzeros[g * out / 8 + c] += r.zero()[o][g] << 4 * j;
                        scale[g * out + o] = r.scale()[o][g];
                    }
                }
            }
            folder.ints(module + ".qweight", qweight, in, out / 8);
            folder.ints(module + ".qzeros", qzeros, r.groups(), out / 8);
            folder.floats(module + ".scales", "F16", scale, r.groups(), out);
            return r.values();
        }
    }

    /** @param group 0 for one scale per row */
    record Packed(int bits, int group, boolean symmetric, boolean actOrder, String scales) implements Method {
        @Override
        public String config() {
            return """
                {"quant_method":"compressed-tensors","format":"pack-quantized","config_groups":{"group_0":{
                 "targets":["Linear"],"weights":{"num_bits":%d,"type":"int","symmetric":%b,"strategy":"%s",
                 "group_size":%s,"actorder":%s}}},"ignore":["lm_head"],"quantization_status":"compressed"}\
                """.formatted(
                            bits,
                            symmetric,
                            group == 0 ? "channel" : "group",
                            group == 0 ? "null" : "" + group,
                            actOrder ? "\"group\"" : "null");
        }

        @Override
        public float[] put(FolderBuilder folder, String module, float[] weights, int out, Random random) {
            int in = weights.length / out;
            int size = group == 0 ? in : group;
            int[] groupOf = actOrder ? Rounded.shuffledGroups(in, size, random) : Rounded.evenGroups(in, size);
            Rounded.Precision precision = scales.equals("F16") ? Rounded.F16 : Rounded.BF16;
            Rounded r = Rounded.of(weights, out, bits, symmetric, groupOf, precision);
            int per = 32 / bits;
            int line = (in + per - 1) / per;
            int[] packed = new int[out * line];
            float[] scale = new float[out * r.groups()];
            int[] zeros = new int[(out + per - 1) / per * r.groups()];
            for (int o = 0; o < out; o++) {
                for (int i = 0; i < in; i++) {
                    packed[o * line + i / per] += r.q()[o][i] << bits * (i % per);
                }
                for (int g = 0; g < r.groups(); g++) {
                    scale[o * r.groups() + g] = r.scale()[o][g];
                    zeros[o / per * r.groups() + g] += r.zero()[o][g] << bits * (o % per);
                }
            }
            folder.ints(module + ".weight_packed", packed, out, line);
            folder.floats(module + ".weight_scale", scales, scale, out, r.groups());
            folder.longs(module + ".weight_shape", out, in);
            if (!symmetric) {
                folder.ints(module + ".weight_zero_point", zeros, (out + per - 1) / per, r.groups());
            }
            if (actOrder) {
                folder.ints(module + ".weight_g_idx", groupOf, in);
            }
            return r.values();
        }
    }

    /** @param strategy channel, tensor or group of 32 */
    record Int8(String strategy, boolean symmetric) implements Method {
        @Override
        public String config() {
            return """
                {"quant_method":"compressed-tensors","format":"int-quantized","config_groups":{"group_0":{
                 "targets":["Linear"],"input_activations":{"num_bits":8,"dynamic":true,"strategy":"token","type":"int"},
                 "weights":{"num_bits":8,"type":"int","symmetric":%b,"strategy":"%s","group_size":%s}}}}\
                """.formatted(symmetric, strategy, strategy.equals("group") ? "32" : "null");
        }

        @Override
        public float[] put(FolderBuilder folder, String module, float[] weights, int out, Random random) {
            int in = weights.length / out;
            int[] groupOf = Rounded.evenGroups(in, strategy.equals("group") ? 32 : in);
            Rounded r = strategy.equals("tensor")
                    ? flat(Rounded.of(weights, 1, 8, symmetric, new int[weights.length], Rounded.BF16), out)
                    : Rounded.of(weights, out, 8, symmetric, groupOf, Rounded.BF16);
            byte[] codes = new byte[out * in];
            float[] scale = new float[out * r.groups()];
            byte[] zero = new byte[out * r.groups()];
            for (int o = 0; o < out; o++) {
                for (int i = 0; i < in; i++) {
                    codes[o * in + i] = (byte) (r.q()[o][i] - 128);
                }
                for (int g = 0; g < r.groups(); g++) {
                    scale[o * r.groups() + g] = r.scale()[o][g];
                    zero[o * r.groups() + g] = (byte) (r.zero()[o][g] - 128);
                }
            }
            long[] shape = strategy.equals("tensor") ? new long[] {1} : new long[] {out, r.groups()};
            int n = strategy.equals("tensor") ? 1 : scale.length;
            folder.put(module + ".weight", "I8", codes, out, in);
            folder.floats(module + ".weight_scale", "BF16", java.util.Arrays.copyOf(scale, n), shape);
            if (!symmetric) {
                folder.put(module + ".weight_zero_point", "I8", java.util.Arrays.copyOf(zero, n), shape);
            }
            return r.values();
        }

        /** One row cut into rows that share its scale. */
        private static Rounded flat(Rounded one, int out) {
            int in = one.in() / out;
            int[][] q = new int[out][];
            int[][] zero = new int[out][];
            float[][] scale = new float[out][];
            for (int o = 0; o < out; o++) {
                q[o] = java.util.Arrays.copyOfRange(one.q()[0], o * in, (o + 1) * in);
                zero[o] = one.zero()[0];
                scale[o] = one.scale()[0];
            }
            return new Rounded(8, q, zero, scale, new int[in]);
        }
    }
}
