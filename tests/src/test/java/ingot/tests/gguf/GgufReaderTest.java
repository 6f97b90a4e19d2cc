package ingot.tests.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.gguf.GgufFile;
import ingot.formats.gguf.GgufModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files by a writer that knows only the specification: versions, alignment, metadata, splits, experts. */
final class GgufReaderTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"2, 32", "3, 8", "3, 32", "3, 64", "3, 4096"})
    void everyVersionAndAlignmentReadsTheSame(int version, int alignment) throws IOException {
        GgufWriter writer = new GgufWriter().version(version).alignment(alignment);
        Tiny.metadata(writer, 2).u32("general.alignment", alignment);
        writer.tensor("token_embd.weight", 0, Tiny.bytes(1, 2, 3, 4, 5, 6), 3, 2)
                .tensor("output_norm.weight", 0, Tiny.bytes(7), 1)
                .tensor("blk.0.attn_norm.weight", 28, GgufWriter.le64(Double.doubleToLongBits(0.1)), 1);
        Path file = writer.write(folder.resolve("x"));
        try (GgufModel model = GgufModel.open(file)) {
            assertEquals(version, model.files().getFirst().version());
            assertEquals(alignment, model.files().getFirst().alignment());
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, Tiny.read(model, "model.embed_tokens.weight"));
            assertArrayEquals(new float[] {7}, Tiny.read(model, "model.norm.weight"));
            assertArrayEquals(new float[] {0.1f}, Tiny.read(model, "model.layers.0.input_layernorm.weight"));
            assertEquals(
                    new Shape(2, 3),
                    model.tensors().tensors().get("model.embed_tokens.weight").shape());
        }
    }

    @Test
    void everyMetadataTypeIsRead() throws IOException {
        byte[] array = GgufWriter.concat(GgufWriter.le32(1), GgufWriter.le64(3), new byte[] {1, -2, 3});
        byte[] u64s = GgufWriter.concat(GgufWriter.le32(10), GgufWriter.le64(1), GgufWriter.le64(Long.MAX_VALUE));
        Path file = new GgufWriter()
                .pair("u8", 0, new byte[] {-1})
                .pair("i8", 1, new byte[] {-1})
                .pair("u16", 2, new byte[] {-1, -1})
                .pair("i16", 3, new byte[] {-2, -1})
                .pair("u32", 4, GgufWriter.le32(-1))
                .pair("i32", 5, GgufWriter.le32(-1))
                .f32("f32", 1e-6f)
                .flag("bool", true)
                .text("string", "né")
                .pair("array", 9, array)
                .pair("u64s", 9, u64s)
                .strings("strings", List.of("a", "", "c"))
                .pair("u64", 10, GgufWriter.le64(Long.MAX_VALUE))
                .pair("i64", 11, GgufWriter.le64(-5))
                .pair("f64", 12, GgufWriter.le64(Double.doubleToLongBits(0.1)))
                .write(folder.resolve("x.gguf"));
        try (GgufFile gguf = GgufFile.open(file)) {
            Map<String, String> m = gguf.describeMetadata();
            assertEquals(
                    List.of("255", "-1", "65535", "-2", "4294967295", "-1", "1.0E-6", "true", "né"),
                    List.copyOf(m.values()).subList(0, 9));
            assertEquals("3 × INT8", m.get("array"));
            assertEquals("3 strings", m.get("strings"));
            assertEquals(Long.toString(Long.MAX_VALUE), m.get("u64"));
            assertEquals("-5", m.get("i64"));
            assertEquals("0.1", m.get("f64"));
        }
    }

    @Test
    void aSplitModelIsTheWholeModel() throws IOException {
        split(3);
        Path second = folder.resolve("m-00002-of-00003.gguf");
        try (GgufModel model = GgufModel.open(second)) {
            assertEquals(3, model.files().size());
            assertEquals(folder.resolve("m-00001-of-00003.gguf"), model.path());
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, Tiny.read(model, "model.embed_tokens.weight"));
            assertArrayEquals(new float[] {8}, Tiny.read(model, "lm_head.weight"));
        }
        Files.delete(folder.resolve("m-00003-of-00003.gguf"));
        var e = assertThrows(
                IngotException.MissingInput.class, () -> GgufModel.open(second).close());
        assertTrue(e.getMessage().contains("m-00003-of-00003.gguf"), e::getMessage);
    }

    private void split(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            GgufWriter out = new GgufWriter();
            if (i == 0) {
                Tiny.metadata(out, 2).tensor("token_embd.weight", 0, Tiny.bytes(1, 2, 3, 4, 5, 6), 3, 2);
            } else if (i == 1) {
                out.tensor("output_norm.weight", 0, Tiny.bytes(7), 1);
            } else {
                out.tensor("output.weight", 0, Tiny.bytes(8), 1);
            }
            out.pair("split.no", 2, new byte[] {(byte) i, 0})
                    .pair("split.count", 2, new byte[] {(byte) count, 0})
                    .pair("split.tensors.count", 5, GgufWriter.le32(3));
            out.write(folder.resolve("m-0000" + (i + 1) + "-of-0000" + count + ".gguf"));
        }
    }

    /** Experts lie in one tensor; every one is a matrix of its own, in plain numbers and in blocks. */
    @ParameterizedTest
    @ValueSource(ints = {0, 8})
    void expertsAreTensorsOfTheirOwn(int type) throws IOException {
        int rows = 3;
        int cols = 64;
        int experts = 5;
        byte[] data = type == 0
                ? Tiny.bytes(Tiny.ramp(experts * rows * cols))
                : RandomBlocks.of(8, experts * rows * cols / 32, 11);
        Path file = moe(experts)
                .tensor("token_embd.weight", 0, new byte[4 * 64 * 2], 64, 2)
                .tensor("blk.1.ffn_gate_exps.weight", type, data, cols, rows, experts)
                .tensor("blk.1.ffn_gate_inp.weight", 0, new byte[4 * 64 * experts], 64, experts)
                .tensor("blk.1.ffn_gate_inp_shexp.weight", 0, new byte[4 * 64], 64)
                .tensor("blk.1.ffn_up_shexp.weight", 0, new byte[4 * 64 * 7], 64, 7)
                .write(folder.resolve("x.gguf"));
        try (GgufModel model = GgufModel.open(file)) {
            var tensors = model.tensors().tensors();
            float[] all = new float[0];
            for (int e = 0; e < experts; e++) {
                String name = "model.layers.1.mlp.experts." + e + ".gate_proj.weight";
                assertEquals(new Shape(rows, cols), tensors.get(name).shape());
                float[] one = Tiny.read(model, name);
                all = java.util.Arrays.copyOf(all, all.length + one.length);
                System.arraycopy(one, 0, all, all.length - one.length, one.length);
            }
            assertArrayEquals(type == 0 ? Tiny.ramp(all.length) : dequantized(data), all);
            assertTrue(tensors.containsKey("model.layers.1.mlp.gate.weight"));
            assertEquals(
                    new Shape(1, 64),
                    tensors.get("model.layers.1.mlp.shared_expert_gate.weight").shape());
            assertEquals("qwen2_moe", model.config().path("model_type").stringValue());
            assertEquals(experts, model.config().path("num_experts").intValue());
            assertEquals(2, model.config().path("num_experts_per_tok").intValue());
            assertEquals(9, model.config().path("moe_intermediate_size").intValue());
            assertEquals(
                    13, model.config().path("shared_expert_intermediate_size").intValue());
            assertFalse(model.config().path("norm_topk_prob").booleanValue());
        }
    }

    private static GgufWriter moe(int experts) {
        return new GgufWriter()
                .text("general.architecture", "qwen2moe")
                .u32("qwen2moe.block_count", 2)
                .u32("qwen2moe.context_length", 64)
                .u32("qwen2moe.embedding_length", 64)
                .u32("qwen2moe.feed_forward_length", 5)
                .u32("qwen2moe.attention.head_count", 4)
                .f32("qwen2moe.attention.layer_norm_rms_epsilon", 1e-6f)
                .u32("qwen2moe.expert_count", experts)
                .u32("qwen2moe.expert_used_count", 2)
                .u32("qwen2moe.expert_feed_forward_length", 9)
                .u32("qwen2moe.expert_shared_feed_forward_length", 13);
    }

    private static float[] dequantized(byte[] q8) {
        float[] out = new float[q8.length / 34 * 32];
        for (int i = 0; i < out.length; i++) {
            int block = i / 32 * 34;
            short d = (short) (q8[block] & 0xFF | q8[block + 1] << 8);
            out[i] = Float.float16ToFloat(d) * q8[block + 2 + i % 32];
        }
        return out;
    }
}
