package ingot.tests.quantized;

import ingot.formats.block.DynamicMap;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** bitsandbytes and the FP8 kinds, from their layout tables. */
final class FloatMethods {
    private static final float[] NF4 = {
        -1f,
        -0.6961928009986877f,
        -0.5250730514526367f,
        -0.39491748809814453f,
        -0.28444138169288635f,
        -0.18477343022823334f,
        -0.09105003625154495f,
        0f,
        0.07958029955625534f,
        0.16093020141124725f,
        0.24611230194568634f,
        0.33791524171829224f,
        0.44070982933044434f,
        0.5626170039176941f,
        0.7229568362236023f,
        1f
    };
    private static final float[] FP4 = {
        0f,
        0.0052083333f,
        0.6666667f,
        1f,
        0.33333334f,
        0.5f,
        0.16666667f,
        0.25f,
        -0f,
        -0.0052083333f,
        -0.6666667f,
        -1f,
        -0.33333334f,
        -0.5f,
        -0.16666667f,
        -0.25f
    };

    private FloatMethods() {}

    record Bnb4(String type, int block, boolean nested) implements Method {
        @Override
        public String config() {
            return "{\"quant_method\":\"bitsandbytes\",\"load_in_4bit\":true,\"load_in_8bit\":false,\"bnb_4bit_quant_type\":\"%s\"}"
                    .formatted(type);
        }

        @Override
        public float[] put(FolderBuilder folder, String module, float[] weights, int out, Random random) {
            float[] table = type.equals("nf4") ? NF4 : FP4;
            int n = weights.length;
            int blocks = (n + block - 1) / block;
            float[] absmax = new float[blocks];
            for (int i = 0; i < n; i++) {
                absmax[i / block] = Math.max(absmax[i / block], Math.abs(weights[i]));
            }
            String name = module + ".weight";
            String state = "";
            byte[] index = new byte[blocks];
            if (nested) {
                float offset = 0.0625f;
                float[] outer = new float[(blocks + 255) / 256];
                for (int j = 0; j < outer.length; j++) {
                    outer[j] = 0.3f + random.nextFloat();
                }
                for (int j = 0; j < blocks; j++) {
                    int code = 128 + random.nextInt(128);
                    index[j] = (byte) code;
                    absmax[j] = DynamicMap.values()[code] * outer[j / 256];
                    absmax[j] += offset;
                }
                folder.put(name + ".absmax", "U8", index, blocks);
                folder.floats(name + ".nested_absmax", "F32", outer, outer.length);
                folder.floats(name + ".nested_quant_map", "F32", DynamicMap.values(), 256);
                state = ",\"nested_blocksize\":256,\"nested_dtype\":\"float32\",\"nested_offset\":0.0625";
            } else {
                folder.floats(name + ".absmax", "F32", absmax, blocks);
            }
            byte[] packed = new byte[(n + 1) / 2];
            float[] values = new float[n];
            for (int i = 0; i < n; i++) {
                int best = 0;
                for (int c = 0; c < 16; c++) {
                    if (Math.abs(table[c] * absmax[i / block] - weights[i])
                            < Math.abs(table[best] * absmax[i / block] - weights[i])) {
                        best = c;
                    }
                }
                packed[i / 2] |= (byte) (i % 2 == 0 ? best * 16 : best);
                values[i] = table[best] * absmax[i / block];
            }
            folder.put(name, "U8", packed, packed.length, 1);
            folder.floats(name + ".quant_map", "F32", table, 16);
            byte[] json = ("{\"quant_type\":\"" + type + "\",\"blocksize\":" + block
                            + ",\"dtype\":\"bfloat16\",\"shape\":[" + out + "," + n / out + "]" + state + "}")
                    .getBytes(StandardCharsets.UTF_8);
            folder.put(name + ".quant_state.bitsandbytes__" + type, "U8", json, json.length);
            return values;
        }
    }

    record Bnb8() implements Method {
        @Override
        public String config() {
            return "{\"quant_method\":\"bitsandbytes\",\"load_in_4bit\":false,\"load_in_8bit\":true}";
        }

        @Override
        public float[] put(FolderBuilder folder, String module, float[] weights, int out, Random random) {
            int in = weights.length / out;
            byte[] codes = new byte[weights.length];
            float[] scb = new float[out];
            float[] values = new float[weights.length];
            for (int i = 0; i < weights.length; i++) {
                scb[i / in] = Math.max(scb[i / in], Math.abs(weights[i]));
            }
            for (int i = 0; i < weights.length; i++) {
                codes[i] = (byte) Math.round(weights[i] * 127 / scb[i / in]);
                float product = codes[i] * scb[i / in];
                values[i] = product * (float) 7.874015718698502e-3;
            }
            folder.put(module + ".weight", "I8", codes, out, in);
            folder.floats(module + ".SCB", "F32", scb, out);
            folder.put(module + ".weight_format", "U8", new byte[1]);
            return values;
        }
    }

    /** FP8 with blocks, as fp8 ({@code weight_scale_inv}) or as compressed-tensors ({@code weight_scale}). */
    record Fp8(boolean compressed, String strategy, int rows, int cols, String scales) implements Method {
        @Override
        public String config() {
            if (!compressed) {
                return "{\"quant_method\":\"fp8\",\"fmt\":\"e4m3\",\"activation_scheme\":\"dynamic\",\"weight_block_size\":[%d,%d]}"
                        .formatted(rows, cols);
            }
            return """
                {"quant_method":"compressed-tensors","format":"float-quantized","config_groups":{"group_0":{
                 "targets":["Linear"],"weights":{"num_bits":8,"type":"float","symmetric":true,"strategy":"%s",
                 "block_structure":[%d,%d]}}}}\
                """.formatted(strategy, rows, cols);
        }

        @Override
        public float[] put(FolderBuilder folder, String module, float[] weights, int out, Random random) {
            int in = weights.length / out;
            int br = strategy.equals("channel") ? 1 : rows;
            int bc = strategy.equals("channel") ? in : cols;
            int down = (out + br - 1) / br;
            int across = (in + bc - 1) / bc;
            float[] scale = new float[down * across];
            for (int i = 0; i < weights.length; i++) {
                int b = i / in / br * across + i % in / bc;
                scale[b] = Math.max(scale[b], Math.abs(weights[i]));
            }
            for (int b = 0; b < scale.length; b++) {
                scale[b] = scales.equals("F32") ? scale[b] / 448 : Rounded.BF16.of(scale[b] / 448);
            }
            byte[] codes = new byte[weights.length];
            float[] values = new float[weights.length];
            for (int i = 0; i < weights.length; i++) {
                float s = scale[i / in / br * across + i % in / bc];
                int best = 0;
                for (int c = 0; c < 256; c++) {
                    if (Math.abs(e4m3(c) * s - weights[i]) < Math.abs(e4m3(best) * s - weights[i])) {
                        best = c;
                    }
                }
                codes[i] = (byte) best;
                values[i] = (float) (e4m3(best) * s);
            }
            folder.put(module + ".weight", "F8_E4M3", codes, out, in);
            folder.floats(module + (compressed ? ".weight_scale" : ".weight_scale_inv"), scales, scale, down, across);
            return values;
        }

        /** From the definition: (−1)^s · 2^(e−7) · (1 + m/8), or 2^−6 · m/8 for e = 0; S.1111.111 is NaN. */
        private static double e4m3(int bits) {
            int e = bits / 8 % 16;
            int m = bits % 8;
            if (e == 15 && m == 7) {
                return Double.NaN;
            }
            double magnitude = e == 0 ? Math.pow(2, -6) * m / 8 : Math.pow(2, e - 7) * (1 + m / 8.0);
            return bits >= 128 ? -magnitude : magnitude;
        }
    }
}
