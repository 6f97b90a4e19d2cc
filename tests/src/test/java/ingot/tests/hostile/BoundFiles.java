package ingot.tests.hostile;

import static ingot.tests.hostile.BoundText.LONG;

import ingot.formats.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Of files of weights. */
final class BoundFiles {
    private BoundFiles() {}

    static List<Bound> all() {
        return List.of(
                new Bound(
                        "safetensors",
                        "249,999 tensors",
                        256,
                        f -> {
                            TinyModel model = new TinyModel();
                            int own = model.tensors().size();
                            StringBuilder more = new StringBuilder();
                            for (int i = 0; i < 249_999 - own; i++) {
                                more.append("\"extra.")
                                        .append("y".repeat(50))
                                        .append(i)
                                        .append('"');
                                more.append(TinyModel.entry("U8", "[0]", "0,0")).append(',');
                            }
                            return model.header(h -> "{" + more + h.substring(1))
                                    .write(f);
                        },
                        0,
                        ""),
                new Bound(
                        ".ingot",
                        "tensors in the manifest, with a letter of another script",
                        384,
                        f -> ingot(f, m -> {
                            m.put("letter", "\u4e00");
                            ArrayNode tensors = (ArrayNode) m.path("tensors");
                            ObjectNode first = (ObjectNode) tensors.get(0);
                            for (int i = 0; i < 180_000; i++) {
                                ObjectNode t = first.deepCopy().put("name", LONG + i);
                                t.set("parts", Json.array().add(LONG + i));
                                tensors.add(t);
                            }
                        }),
                        65,
                        "the manifest names it, the file does not hold it"),
                new Bound(
                        ".ingot",
                        "long strings in the manifest, with a letter of another script",
                        640,
                        f -> ingot(f, m -> {
                            for (int i = 0; i < 4; i++) {
                                m.put("a" + i, "\u4e00" + "x".repeat(15 << 20));
                            }
                        }),
                        0,
                        ""),
                new Bound(
                        ".ingot",
                        "one string in the manifest",
                        512,
                        f -> ingot(f, m -> m.put("a", "x".repeat(60 << 20))),
                        65,
                        "a string of 62914560 bytes; at most 16777216 are accepted"),
                new Bound(
                        "PyTorch, archive",
                        "99,999 entries",
                        128,
                        f -> new TorchModel().write(f, z -> {
                            z.zip64 = true;
                            z.hidden = true;
                            for (int i = z.entries.size(); i < 99_999; i++) {
                                z.add(TorchModel.TOP + "data/" + "9".repeat(40) + i, new byte[0]);
                            }
                        }),
                        0,
                        ""),
                new Bound(
                        "experts as one tensor",
                        "196,608 matrices",
                        256,
                        f -> {
                            TinyModel model = new TinyModel();
                            for (int i = 0; i < 16; i++) {
                                String experts = "model.layers." + i + ".mlp.experts.";
                                model.tensor(experts + "gate_up_proj", "F8_E4M3", "[4096,2,1]", new byte[8192]);
                                model.tensor(experts + "down_proj", "F8_E4M3", "[4096,1,1]", new byte[4096]);
                            }
                            return model.write(f);
                        },
                        78,
                        ""));
    }

    private static Path ingot(Path folder, Consumer<ObjectNode> edit) throws IOException {
        Path file = folder.resolve("x.ingot");
        return Files.write(
                file, IngotBytes.of(IngotBytes.tiny("f32")).manifest(edit).seal());
    }
}
