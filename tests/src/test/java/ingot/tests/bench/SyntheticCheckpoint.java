package ingot.tests.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Checkpoints of published shapes with random bf16 weights, for measuring: {@code SyntheticCheckpoint SHAPE FOLDER [LAYERS]},
 * with fewer layers than published if wanted. The weights repeat a block of a million normal numbers, so that writing is as fast as the disk.
 */
public final class SyntheticCheckpoint {
    private static final int BLOCK = 1 << 20;

    private SyntheticCheckpoint() {}

    /** Writes {@code config.json} and {@code model.safetensors}; returns the bytes of the latter. */
    public static long write(SyntheticModel model, Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), model.config());
        StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
        long total = 0;
        for (var t : model.tensors().entrySet()) {
            long bytes = 2;
            StringBuilder shape = new StringBuilder();
            for (long d : t.getValue()) {
                bytes *= d;
                shape.append(shape.isEmpty() ? "" : ",").append(d);
            }
            header.append(",\"%s\":{\"dtype\":\"BF16\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
                    .formatted(t.getKey(), shape, total, total + bytes));
            total += bytes;
        }
        byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        try (FileChannel out = FileChannel.open(
                folder.resolve("model.safetensors"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer prefix = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
            out.write(prefix.putLong(json.length).put(json).flip());
            ByteBuffer block = block();
            for (long left = total; left > 0; ) {
                block.clear().limit((int) Math.min(block.capacity(), left));
                left -= out.write(block);
            }
            return out.size();
        }
    }

    private static ByteBuffer block() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(20_260_101);
        ByteBuffer block = ByteBuffer.allocateDirect(2 * BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        while (block.hasRemaining()) {
            float w = (float) (0.02 * random.nextGaussian());
            block.putShort((short) (Float.floatToRawIntBits(w) >>> 16));
        }
        return block;
    }

    public static void main(String[] args) throws IOException {
        String shape = args.length < 2 ? "" : args[0].toUpperCase(Locale.ROOT).replaceAll("[.-]", "_");
        var name = Arrays.stream(SyntheticModel.Name.values())
                .filter(n -> n.name().equals(shape))
                .findFirst();
        if (name.isEmpty()) {
            System.err.println("SHAPE FOLDER [LAYERS], where SHAPE is one of "
                    + Arrays.toString(SyntheticModel.Name.values()).toLowerCase(Locale.ROOT)
                    + "; . and - are the same as _");
            System.exit(64);
        }
        SyntheticModel model = name.orElseThrow().model();
        SyntheticModel wanted = args.length > 2 ? model.withLayers(Integer.parseInt(args[2])) : model;
        System.out.println(write(wanted, Path.of(args[1])) + " bytes");
    }
}
