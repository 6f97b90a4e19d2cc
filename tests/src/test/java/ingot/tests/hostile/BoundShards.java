package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.formats.json.Json;
import ingot.tests.gguf.GgufWriter;
import ingot.tests.gguf.Tiny;
import ingot.tests.torch.Pickle;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import tools.jackson.databind.node.ObjectNode;

/** Of many files of one model: what is kept of each must not add up. */
final class BoundShards {
    private static final int SHARDS = 5;

    /** Of tensors that no model needs. */
    private static final String EXTRA = "extra." + "y".repeat(70);

    private BoundShards() {}

    static List<Bound> all() {
        return List.of(
                new Bound(
                        "safetensors",
                        "shards with metadata of 79 MB each",
                        160,
                        f -> safetensors(f, 0, s -> {
                            byte[] mega = "x".repeat(1 << 20).getBytes(UTF_8);
                            s.write("\"__metadata__\":{".getBytes(UTF_8));
                            for (int i = 0; i < 15; i++) {
                                s.write(("\"k" + i + "\":\"").getBytes(UTF_8));
                                s.write(mega);
                                s.write("\",".getBytes(UTF_8));
                            }
                            s.write("\"ingot.manifest\":\"".getBytes(UTF_8));
                            for (int i = 0; i < 63; i++) {
                                s.write(mega);
                            }
                            s.write("\"},".getBytes(UTF_8));
                        }),
                        0,
                        ""),
                new Bound(
                        "safetensors",
                        "shards with as many tensors as an index may name",
                        384,
                        f -> safetensors(f, ((1 << 19) - 100) / SHARDS, s -> {}),
                        0,
                        ""),
                new Bound(
                        "PyTorch, archive",
                        "shards with 40,000 storages of no tensor each",
                        96,
                        BoundShards::torch,
                        0,
                        ""),
                new Bound(
                        "GGUF",
                        "metadata of 30 MB in each of a split",
                        128,
                        f -> gguf(f, w -> {
                            for (int i = 0; i < 7; i++) {
                                w.text("general.text" + i, "\u4e00" + "x".repeat((4 << 20) - 3));
                            }
                        }),
                        65,
                        "more than 33554432 bytes of metadata in all files of the model"),
                new Bound(
                        "GGUF",
                        "60,000 tensors in each of a split",
                        96,
                        f -> gguf(f, w -> {
                            String name = "x".repeat(60) + w.hashCode();
                            for (int i = 0; i < 60_000; i++) {
                                w.tensor(name + i, 0, new byte[4], 1);
                            }
                        }),
                        65,
                        "more than 65536 tensors or 65536 metadata pairs in all files of the model"));
    }

    /** Writes a part of a header. */
    private interface Part {
        void write(OutputStream out) throws IOException;
    }

    /** The tiny model in {@link #SHARDS} files, each with some empty tensors more and with {@code metadata}. */
    private static Path safetensors(Path folder, int more, Part metadata) throws IOException {
        TinyModel model = new TinyModel();
        model.writeConfig(folder);
        ObjectNode root = Json.object();
        ObjectNode map = root.putObject("weight_map");
        List<Map.Entry<String, TinyModel.Stored>> tensors =
                List.copyOf(model.tensors().entrySet());
        for (int i = 0; i < SHARDS; i++) {
            SequencedMap<String, TinyModel.Stored> own = new LinkedHashMap<>();
            for (int t = i; t < tensors.size(); t += SHARDS) {
                own.put(tensors.get(t).getKey(), tensors.get(t).getValue());
            }
            for (int t = 0; t < more; t++) {
                own.put(EXTRA + i + "." + t, new TinyModel.Stored("U8", "[0]", new byte[0]));
            }
            String name = "shard-" + i + ".safetensors";
            own.keySet().forEach(tensor -> map.put(tensor, name));
            shard(folder.resolve(name), own, metadata);
        }
        Files.writeString(folder.resolve("model.safetensors.index.json"), Json.compact(root));
        return folder;
    }

    private static void shard(Path file, SequencedMap<String, TinyModel.Stored> tensors, Part metadata)
            throws IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            out.write(new byte[8]);
            out.write('{');
            metadata.write(out);
            long at = 0;
            String comma = "";
            for (var t : tensors.entrySet()) {
                long end = at + t.getValue().data().length;
                out.write((comma
                                + '"'
                                + t.getKey()
                                + '"'
                                + TinyModel.entry(
                                        t.getValue().dtype(), t.getValue().shape(), at + "," + end))
                        .getBytes(UTF_8));
                at = end;
                comma = ",";
            }
            out.write('}');
            out.write(TinyModel.data(tensors));
        }
        long header = Files.size(file) - 8 - TinyModel.data(tensors).length;
        try (var channel = java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, header), 0);
        }
    }

    /** Beside the state dict's tensors, each pickle rebuilds others, in a list that nobody looks into. */
    private static Path torch(Path folder) throws IOException {
        TinyModel model = new TinyModel();
        model.writeConfig(folder);
        ObjectNode root = Json.object();
        ObjectNode map = root.putObject("weight_map");
        for (var t : model.tensors().entrySet()) {
            String shard = "shard-" + map.size() + ".bin";
            map.put(t.getKey(), shard);
            Files.write(folder.resolve(shard), archive(t.getKey(), model, 40_000));
        }
        Files.writeString(folder.resolve("pytorch_model.bin.index.json"), Json.compact(root));
        return folder;
    }

    private static byte[] archive(String name, TinyModel model, int more) {
        long[] size = new TorchModel().size(name);
        ZipBytes zip = new ZipBytes();
        zip.zip64 = true;
        zip.hidden = true;
        Pickle p = Pickle.begin().ordered().op("(").text(name);
        p.tensor("FloatStorage", "own", model.value(name).length, size, TorchModel.rowMajor(size));
        p.text("more").op("](");
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < more; i++) {
            keys.add("9".repeat(100) + i);
            p.storage("ByteStorage", keys.getLast(), 0, "");
        }
        zip.add(TorchModel.TOP + "data.pkl", p.op("eu").stop());
        zip.add(TorchModel.TOP + "data/own", model.stored(name).data());
        keys.forEach(key -> zip.add(TorchModel.TOP + "data/" + key, new byte[0]));
        zip.add(TorchModel.TOP + "version", "3\n".getBytes(UTF_8));
        return zip.bytes();
    }

    /** The tiny model in the first of a split, and nothing but {@code more} in the others. */
    private static Path gguf(Path folder, java.util.function.Consumer<GgufWriter> more) throws IOException {
        for (int i = 0; i < SHARDS; i++) {
            GgufWriter w = i == 0 ? Tiny.model() : new GgufWriter();
            w.u32("split.no", i).u32("split.count", SHARDS);
            more.accept(w);
            w.write(folder.resolve("x-0000" + (i + 1) + "-of-0000" + SHARDS + ".gguf"));
        }
        return folder.resolve("x-00001-of-0000" + SHARDS + ".gguf");
    }
}
