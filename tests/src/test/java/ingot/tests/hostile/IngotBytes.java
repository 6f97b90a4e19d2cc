package ingot.tests.hostile;

import ingot.formats.Progress;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import tools.jackson.databind.node.ObjectNode;

/**
 * An .ingot file taken apart by its specification, so that it can be made wrong and sealed again: whoever forges a file
 * computes the checksums too.
 *
 * @param header the JSON
 * @param data everything behind it
 */
@SuppressWarnings("ArrayRecordComponent") // taken apart and put together, never compared
record IngotBytes(ObjectNode header, byte[] data) {
    private static final Path ORIGIN = Path.of("test.ingot");
    private static final int ENTRY = 36;

    /** The file Ingot makes of {@link TinyModel}. */
    static byte[] tiny(String type) throws IOException {
        Path folder = Files.createTempDirectory("ingot-tiny");
        try {
            Path out = folder.resolve("tiny.ingot");
            convert(new TinyModel().write(Files.createDirectory(folder.resolve("model"))), out, type);
            return Files.readAllBytes(out);
        } finally {
            Trees.delete(folder);
        }
    }

    static void convert(Path source, Path out, String type) {
        new Converter(ConvertOptions.of(ConvertOptions.layout(type)).withThreads(2))
                .convert(source, out, Progress.none());
    }

    static IngotBytes of(byte[] file) {
        int n = headerLength(file);
        return new IngotBytes(
                Json.parseObject(Arrays.copyOfRange(file, 8, 8 + n), ORIGIN, JsonBound.INPUT),
                Arrays.copyOfRange(file, 8 + n, file.length));
    }

    static int headerLength(byte[] file) {
        return Math.toIntExact(
                ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong());
    }

    ObjectNode metadata() {
        return (ObjectNode) header.path("__metadata__");
    }

    /** Edits the manifest inside the metadata. */
    IngotBytes manifest(Consumer<ObjectNode> edit) {
        ObjectNode manifest = Json.parseObject(
                metadata().path("ingot.manifest").stringValue().getBytes(StandardCharsets.UTF_8),
                ORIGIN,
                JsonBound.INPUT);
        edit.accept(manifest);
        metadata().put("ingot.manifest", Json.compact(manifest));
        return this;
    }

    /** The file with a header that fits its checksum. */
    byte[] seal() {
        byte[] head = head();
        byte[] file = Arrays.copyOf(head, head.length + data.length);
        System.arraycopy(data, 0, file, head.length, data.length);
        sealHeader(file);
        return file;
    }

    /** Length and header, padded as Ingot does. */
    private byte[] head() {
        byte[] json = Json.compact(header).getBytes(StandardCharsets.UTF_8);
        int padded = json.length + Math.floorMod(-(8 + json.length), 64);
        ByteBuffer out = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(padded).put(json);
        while (out.hasRemaining()) {
            out.put((byte) ' ');
        }
        return out.array();
    }

    /** Writes the file with a tokenizer of zeros, which take no room on disk; its own checksum is wrong. */
    Path writeWithTokenizer(Path file, long bytes) throws IOException {
        manifest(m -> m.putObject("tokenizer").put("tensor", "ingot.tokenizer"));
        ObjectNode sums = (ObjectNode) header.remove("ingot.checksums");
        int at = sums.path("data_offsets").path(0).intValue();
        int table = data.length - at + ENTRY;
        ObjectNode tokenizer = header.putObject("ingot.tokenizer").put("dtype", "U8");
        tokenizer.putArray("shape").add(bytes);
        tokenizer.putArray("data_offsets").add(at).add(at + bytes);
        sums.putArray("shape").add(table);
        sums.putArray("data_offsets").add(at + bytes).add(at + bytes + table);
        header.set("ingot.checksums", sums);
        byte[] head = head();
        CRC32C crc = new CRC32C();
        crc.update(head);
        ByteBuffer entries = ByteBuffer.allocate(table).order(ByteOrder.LITTLE_ENDIAN);
        entries.put(Arrays.copyOfRange(data, at, data.length))
                .rewind()
                .putInt((int) crc.getValue())
                .put(sha256(head))
                .rewind();
        try (var out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            out.write(ByteBuffer.wrap(head), 0);
            out.write(ByteBuffer.wrap(data, 0, at), head.length);
            out.write(entries, head.length + at + bytes);
        }
        return file;
    }

    /** Makes the checksums' first entry that of the bytes before the data. */
    static void sealHeader(byte[] file) {
        int start = 8 + headerLength(file);
        CRC32C crc = new CRC32C();
        crc.update(file, 0, start);
        int table = start
                + of(file).header()
                        .path("ingot.checksums")
                        .path("data_offsets")
                        .path(0)
                        .intValue();
        ByteBuffer entry = ByteBuffer.wrap(file, table, ENTRY).order(ByteOrder.LITTLE_ENDIAN);
        entry.putInt((int) crc.getValue()).put(sha256(Arrays.copyOf(file, start)));
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
