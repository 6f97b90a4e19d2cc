package ingot.tests.hostile;

import ingot.tests.torch.Pickle;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** {@link TinyModel} as {@code pytorch_model.bin}, written without torch, so that one thing about it can be made wrong. */
final class TorchModel {
    static final String FILE = "pytorch_model.bin";
    static final String TOP = "pytorch_model/";
    private static final long[] MAGIC = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

    private final TinyModel model = new TinyModel();
    private final SequencedMap<String, byte[]> storages = new LinkedHashMap<>();
    private final Map<String, Consumer<Pickle>> values = new LinkedHashMap<>();
    private Consumer<Pickle> before = p -> {};
    private Consumer<Pickle> after = p -> {};

    TorchModel() {
        int i = 0;
        for (var t : model.tensors().entrySet()) {
            String key = Integer.toString(i++);
            storages.put(key, t.getValue().data());
            long[] size = size(t.getKey());
            values.put(t.getKey(), p -> p.tensor("FloatStorage", key, numel(t.getKey()), size, rowMajor(size)));
        }
    }

    /** What a tensor is pushed as; its storage stays. */
    TorchModel value(String name, Consumer<Pickle> push) {
        values.put(name, push);
        return this;
    }

    /** Replaces a storage. */
    TorchModel storage(String key, byte[] data) {
        storages.put(key, data);
        return this;
    }

    /** Instructions before the state dict. */
    TorchModel before(Consumer<Pickle> push) {
        before = push;
        return this;
    }

    /** Instructions behind the state dict, which is on the stack. */
    TorchModel after(Consumer<Pickle> push) {
        after = push;
        return this;
    }

    String key(String name) {
        return Integer.toString(java.util.List.copyOf(model.tensors().keySet()).indexOf(name));
    }

    long numel(String name) {
        return model.value(name).length;
    }

    long[] size(String name) {
        String shape = model.stored(name).shape();
        return java.util.Arrays.stream(shape.substring(1, shape.length() - 1).split(","))
                .mapToLong(Long::parseLong)
                .toArray();
    }

    float[] floats(String name) {
        return model.value(name);
    }

    static long[] rowMajor(long... size) {
        long[] stride = new long[size.length];
        long step = 1;
        for (int d = size.length - 1; d >= 0; d--) {
            stride[d] = step;
            step *= size[d];
        }
        return stride;
    }

    byte[] pickle() {
        return pickle(values);
    }

    private byte[] pickle(Map<String, Consumer<Pickle>> entries) {
        Pickle p = Pickle.begin();
        before.accept(p);
        p.ordered().op("(");
        entries.forEach((name, push) -> push.accept(p.text(name)));
        p.op("u");
        after.accept(p);
        return p.stop();
    }

    /** The archive as torch 1.13 writes it. */
    ZipBytes zip() {
        ZipBytes zip = new ZipBytes();
        zip.add(TOP + "data.pkl", pickle());
        storages.forEach((key, data) -> zip.add(TOP + "data/" + key, data));
        zip.add(TOP + "version", "3\n".getBytes(StandardCharsets.US_ASCII));
        return zip;
    }

    /** The parts of a legacy file: magic, version, system, object, keys, and one for each storage. */
    SequencedMap<String, byte[]> legacyParts() {
        SequencedMap<String, byte[]> parts = new LinkedHashMap<>();
        Pickle magic = Pickle.begin().raw(0x8a, MAGIC.length);
        for (long b : MAGIC) {
            magic.raw((int) b);
        }
        parts.put("magic", magic.stop());
        parts.put("version", Pickle.begin().whole(1001).stop());
        parts.put(
                "system",
                Pickle.begin().op("}").text("little_endian").raw(0x88).op("s").stop());
        Map<String, Consumer<Pickle>> legacy = new LinkedHashMap<>();
        values.keySet()
                .forEach(name -> legacy.put(
                        name,
                        p -> p.global("torch._utils", "_rebuild_tensor_v2")
                                .op("(")
                                .storage("FloatStorage", key(name), numel(name), "N")
                                .rebuilt(0, size(name), rowMajor(size(name)))));
        parts.put("object", pickle(legacy));
        Pickle keys = Pickle.begin().op("](");
        storages.keySet().forEach(keys::text);
        parts.put("keys", keys.op("e").stop());
        storages.forEach((key, data) -> {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.writeBytes(Pickle.little(data.length / 4, 8));
            out.writeBytes(data);
            parts.put("storage " + key, out.toByteArray());
        });
        return parts;
    }

    /** Writes config.json and a legacy file of the parts after {@code edit}. */
    Path writeLegacy(Path folder, UnaryOperator<SequencedMap<String, byte[]>> edit) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        edit.apply(legacyParts()).values().forEach(out::writeBytes);
        return write(folder, out.toByteArray());
    }

    /** Writes config.json and the archive after {@code edit}; returns the folder. */
    Path write(Path folder, Consumer<ZipBytes> edit) throws IOException {
        ZipBytes zip = zip();
        edit.accept(zip);
        return write(folder, zip.bytes());
    }

    Path write(Path folder, byte[] file) throws IOException {
        return write(folder, FILE, file);
    }

    Path write(Path folder, String name, byte[] file) throws IOException {
        model.writeConfig(folder);
        Files.write(folder.resolve(name), file);
        return folder;
    }
}
