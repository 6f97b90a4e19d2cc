package ingot.tests.torch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.zip.CRC32;

/**
 * Qwen checkpoints of the first generation with random bf16 weights in PyTorch shards, as large as published ones, for
 * measuring: {@code SyntheticTorch LAYERS FOLDER}; 32 layers are Qwen-7B's, in two files of about 8 GB. The archives are laid
 * out as torch lays them out, with 64-bit offsets where they are needed.
 */
public final class SyntheticTorch {
    private static final int HIDDEN = 4096;
    private static final int INNER = 11_008;
    private static final int VOCAB = 151_936;
    private static final int SHARDS = 2;
    private static final long U32 = 0xFFFF_FFFFL;

    private final FileChannel out;
    private final ByteBuffer weights;
    private final List<byte[]> directory = new ArrayList<>();

    private SyntheticTorch(FileChannel out, ByteBuffer weights) {
        this.out = out;
        this.weights = weights;
    }

    /** Writes config.json, two shards and their index; returns the bytes of the shards. */
    public static long write(int layers, Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), config(layers));
        List<Map.Entry<String, long[]>> all = List.copyOf(tensors(layers).entrySet());
        ByteBuffer weights = weights();
        StringBuilder index = new StringBuilder("{\"metadata\": {}, \"weight_map\": {");
        long bytes = 0;
        for (int shard = 0; shard < SHARDS; shard++) {
            String name = "pytorch_model-%05d-of-%05d.bin".formatted(shard + 1, SHARDS);
            SequencedMap<String, long[]> part = new LinkedHashMap<>();
            for (var t : all.subList(all.size() * shard / SHARDS, all.size() * (shard + 1) / SHARDS)) {
                part.put(t.getKey(), t.getValue());
                index.append(index.charAt(index.length() - 1) == '{' ? "" : ", ")
                        .append("\"%s\": \"%s\"".formatted(t.getKey(), name));
            }
            try (FileChannel out = FileChannel.open(
                    folder.resolve(name),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING)) {
                new SyntheticTorch(out, weights).archive(part);
                bytes += out.size();
            }
        }
        Files.writeString(folder.resolve("pytorch_model.bin.index.json"), index.append("}}"));
        return bytes;
    }

    private static SequencedMap<String, long[]> tensors(int layers) {
        SequencedMap<String, long[]> t = new LinkedHashMap<>();
        t.put("transformer.wte.weight", new long[] {VOCAB, HIDDEN});
        for (int i = 0; i < layers; i++) {
            String p = "transformer.h." + i + ".";
            t.put(p + "ln_1.weight", new long[] {HIDDEN});
            t.put(p + "attn.c_attn.weight", new long[] {3 * HIDDEN, HIDDEN});
            t.put(p + "attn.c_attn.bias", new long[] {3 * HIDDEN});
            t.put(p + "attn.c_proj.weight", new long[] {HIDDEN, HIDDEN});
            t.put(p + "ln_2.weight", new long[] {HIDDEN});
            t.put(p + "mlp.w1.weight", new long[] {INNER, HIDDEN});
            t.put(p + "mlp.w2.weight", new long[] {INNER, HIDDEN});
            t.put(p + "mlp.c_proj.weight", new long[] {HIDDEN, INNER});
        }
        t.put("transformer.ln_f.weight", new long[] {HIDDEN});
        t.put("lm_head.weight", new long[] {VOCAB, HIDDEN});
        return t;
    }

    private static String config(int layers) {
        return """
                {"architectures": ["QWenLMHeadModel"], "model_type": "qwen", "hidden_size": 4096, "num_hidden_layers": %d,
                 "intermediate_size": 22016, "num_attention_heads": 32, "vocab_size": 151936, "kv_channels": 128,
                 "max_position_embeddings": 8192, "seq_length": 8192, "layer_norm_epsilon": 1e-06, "no_bias": true,
                 "rotary_emb_base": 10000, "rotary_pct": 1.0, "tie_word_embeddings": false, "scale_attn_weights": true,
                 "use_dynamic_ntk": true, "use_logn_attn": true, "bf16": true, "onnx_safe": null,
                 "tokenizer_class": "QWenTokenizer"}
                """.formatted(layers);
    }

    private void archive(SequencedMap<String, long[]> tensors) throws IOException {
        Pickle p = Pickle.begin().ordered().op("(");
        int key = 0;
        for (var t : tensors.entrySet()) {
            long[] size = t.getValue();
            long[] stride = size.length == 1 ? new long[] {1} : new long[] {size[1], 1};
            p.text(t.getKey()).tensor("BFloat16Storage", Integer.toString(key++), count(size), size, stride);
        }
        byte[] pickle = p.op("u").stop();
        entry("data.pkl", ByteBuffer.wrap(pickle), pickle.length);
        key = 0;
        for (long[] size : tensors.values()) {
            entry("data/" + key++, weights, 2 * count(size));
        }
        entry("version", ByteBuffer.wrap(new byte[] {'3', '\n'}), 2);
        finish();
    }

    private static long count(long[] size) {
        long n = 1;
        for (long d : size) {
            n *= d;
        }
        return n;
    }

    /** Local header without sizes, padding to 64 bytes, data, descriptor: as miniz in torch writes them. */
    private void entry(String shortName, ByteBuffer data, long size) throws IOException {
        byte[] name = ("pytorch_model/" + shortName).getBytes(StandardCharsets.US_ASCII);
        long start = out.position();
        int padding = (int) (64 - (start + 30 + name.length + 4) % 64);
        write(fields(0x04034b50L, 4, 0, 2, 0x0808, 2, 0, 6, 0, 4, 0, 8, name.length, 2, padding + 4, 2));
        write(name);
        write(fields('F' | 'B' << 8, 2, padding, 2));
        write(new byte[padding]);
        CRC32 crc = new CRC32();
        for (long left = size; left > 0; ) {
            data.clear().limit((int) Math.min(data.capacity(), left));
            crc.update(data.duplicate());
            left -= data.remaining();
            while (data.hasRemaining()) {
                out.write(data);
            }
        }
        write(fields(0x08074b50L, 4, crc.getValue(), 4, size, start >= U32 ? 8 : 4, size, start >= U32 ? 8 : 4));
        boolean wide = start >= U32;
        byte[] extra = wide ? fields(1, 2, 8, 2, start, 8) : new byte[0];
        byte[] record = fields(
                0x02014b50L,
                4,
                0,
                4,
                0x0808,
                2,
                0,
                6,
                crc.getValue(),
                4,
                size,
                4,
                size,
                4,
                name.length,
                2,
                extra.length,
                2,
                0,
                8,
                0,
                2,
                wide ? U32 : start,
                4);
        directory.add(ByteBuffer.allocate(record.length + name.length + extra.length)
                .put(record)
                .put(name)
                .put(extra)
                .array());
    }

    private void finish() throws IOException {
        long start = out.position();
        for (byte[] record : directory) {
            write(record);
        }
        long end = out.position();
        int n = directory.size();
        write(fields(0x06064b50L, 4, 44, 8, 0x1e, 2, 0x2d, 2, 0, 8, n, 8, n, 8, end - start, 8, start, 8));
        write(fields(0x07064b50L, 4, 0, 4, end, 8, 1, 4));
        write(fields(0x06054b50L, 4, 0, 4, n, 2, n, 2, end - start, 4, Math.min(start, U32), 4, 0, 2));
    }

    /** Pairs of a value and its width in bytes. */
    private static byte[] fields(long... valuesAndWidths) {
        ByteBuffer record = ByteBuffer.allocate(128);
        for (int i = 0; i < valuesAndWidths.length; i += 2) {
            record.put(Pickle.little(valuesAndWidths[i], (int) valuesAndWidths[i + 1]));
        }
        return java.util.Arrays.copyOf(record.array(), record.position());
    }

    private void write(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            out.write(buffer);
        }
    }

    private static ByteBuffer weights() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(20_260_101);
        ByteBuffer block = ByteBuffer.allocateDirect(2 << 20).order(ByteOrder.LITTLE_ENDIAN);
        while (block.hasRemaining()) {
            block.putShort((short) (Float.floatToRawIntBits((float) (0.02 * random.nextGaussian())) >>> 16));
        }
        return block;
    }

    public static void main(String[] args) throws IOException {
        System.out.println(write(Integer.parseInt(args[0]), Path.of(args[1])) + " bytes");
    }
}
