package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.TensorInfo;
import ingot.formats.hf.HfFolder;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.ingot.IngotFile;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Every prefix and every single-bit error of small files: refused as bad data, or read as something the format allows. */
final class SweepTest {
    @TempDir
    private Path folder;

    @Test
    void everyPrefixOfASafetensorsFileIsRefused() throws IOException {
        byte[] file = small();
        Path path = folder.resolve("x.safetensors");
        for (int n = 0; n < file.length; n++) {
            Files.write(path, Arrays.copyOf(file, n));
            refused(() -> SafetensorsFile.open(path).close());
        }
        Files.write(path, file);
        SafetensorsFile.open(path).close();
    }

    @Test
    void everyBitErrorInASafetensorsHeaderIsRefusedOrHarmless() throws IOException {
        byte[] file = small();
        int end = 8 + IngotBytes.headerLength(file);
        Path path = folder.resolve("x.safetensors");
        int accepted = 0;
        for (int bit = 0; bit < 8 * end; bit++) {
            byte[] damaged = file.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(path, damaged);
            accepted += saneOrRefused(path) ? 1 : 0;
        }
        // Letters of names and of metadata may change; numbers, types and structure may not.
        assertTrue(accepted > 0 && accepted < 4 * end, accepted + " of " + 8 * end + " accepted");
    }

    @Test
    void everyPrefixOfAConfigIsRefused() throws IOException {
        Path model = new TinyModel().write(folder);
        byte[] config = Files.readAllBytes(model.resolve("config.json"));
        for (int n = 0; n < config.length; n++) {
            Files.write(model.resolve("config.json"), Arrays.copyOf(config, n));
            refused(() -> HfFolder.open(model).close());
        }
        Files.write(model.resolve("config.json"), config);
        HfFolder.open(model).close();
    }

    @Test
    void everyBitErrorInAConfigIsRefusedOrReadAsAnotherConfig() throws IOException {
        byte[] config = new TinyModel()
                .config(c ->
                        c.putObject("rope_scaling").put("type", "yarn").put("factor", new java.math.BigDecimal("2.0")))
                .configJson()
                .getBytes(StandardCharsets.UTF_8);
        Path origin = folder.resolve("config.json");
        int refused = 0;
        for (int bit = 0; bit < 8 * config.length; bit++) {
            byte[] damaged = config.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            try {
                ModelConfigs.read(Json.parseObject(damaged, origin, JsonBound.CONFIG), origin);
            } catch (IngotException.BadData | IngotException.ConfigMismatch e) {
                refused++;
            }
        }
        assertTrue(refused > config.length, refused + " refused");
    }

    @Test
    void everyPrefixOfAnIngotFileIsRefused() throws IOException {
        byte[] file = IngotBytes.tiny("nf4-dq");
        Path path = folder.resolve("x.ingot");
        for (int n = 0; n < file.length; n++) {
            Files.write(path, Arrays.copyOf(file, n));
            refused(() -> IngotFile.open(path).close());
        }
        Files.write(path, file);
        IngotFile.open(path).close();
    }

    @Test
    void everyBitErrorInAnIngotHeaderIsRefused() throws IOException {
        byte[] file = IngotBytes.tiny("int4");
        Path path = folder.resolve("x.ingot");
        // Every bit of the length and of the first names; after that one bit of every byte, another one each time.
        for (int bit = 0; bit < 8 * (8 + IngotBytes.headerLength(file)); bit += bit < 8 * 128 ? 1 : 9) {
            byte[] damaged = file.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(path, damaged);
            refused(() -> IngotFile.open(path).close());
        }
    }

    @Test
    void damageOfTheDataIsFoundByVerify() throws IOException {
        byte[] file = IngotBytes.tiny("nf4-dq");
        Path path = folder.resolve("x.ingot");
        int start = 8 + IngotBytes.headerLength(file);
        for (int at = start; at < file.length; at += 7) {
            byte[] damaged = file.clone();
            damaged[at] ^= (byte) (1 << at % 8);
            Files.write(path, damaged);
            refused(() -> {
                try (IngotFile ingot = IngotFile.open(path)) {
                    ingot.verify(Progress.none());
                }
            });
        }
    }

    /** A forger writes right checksums, so the manifest itself has to be read with suspicion. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void forgedManifestsAreRefusedOrConsistent(int seed) throws IOException {
        Random random = new Random(seed);
        byte[] file = IngotBytes.tiny(seed % 2 == 0 ? "int4" : "nf4-dq");
        Path path = folder.resolve("x.ingot");
        int refused = 0;
        for (int i = 0; i < 250; i++) {
            IngotBytes bytes = IngotBytes.of(file).manifest(m -> mutate(m, random));
            Files.write(path, bytes.seal());
            Path out = folder.resolve("out.ingot");
            try {
                IngotBytes.convert(path, out, "f32");
                Files.delete(out);
            } catch (IngotException.BadData | IngotException.ConfigMismatch e) {
                refused++;
            }
        }
        assertTrue(refused > 75 && refused < 250, refused + " of 250 refused");
    }

    /** Replaces, removes or moves one node anywhere in the document. */
    private static void mutate(ObjectNode root, Random random) {
        List<JsonNode> containers = new ArrayList<>();
        collect(root, containers);
        JsonNode at = containers.get(random.nextInt(containers.size()));
        JsonNode value = value(random, containers);
        if (at instanceof ObjectNode object && !object.isEmpty()) {
            String key = List.copyOf(object.propertyNames()).get(random.nextInt(object.size()));
            switch (random.nextInt(4)) {
                case 0 -> object.remove(key);
                case 1 -> object.set("x", value);
                default -> object.set(key, value);
            }
        } else if (at instanceof ArrayNode array) {
            switch (array.isEmpty() ? 0 : random.nextInt(3)) {
                case 0 -> array.add(value);
                case 1 -> array.remove(random.nextInt(array.size()));
                default -> array.set(random.nextInt(array.size()), value);
            }
        }
    }

    private static void collect(JsonNode node, List<JsonNode> containers) {
        if (node.isContainer()) {
            containers.add(node);
            node.forEach(child -> collect(child, containers));
        }
    }

    private static JsonNode value(Random random, List<JsonNode> containers) {
        ArrayNode values = Json.array()
                .add(-1)
                .add(0)
                .add(1)
                .add(32)
                .add(Long.MAX_VALUE)
                .add(new java.math.BigInteger("9".repeat(40)))
                .add(new java.math.BigDecimal("1e999999999"))
                .add("")
                .add("int4")
                .add("channel")
                .add(TinyModel.GATE)
                .add("ingot.checksums")
                .add("ingot.pad.1")
                .add(true)
                .addNull();
        values.add(Json.array());
        values.add(Json.object());
        int i = random.nextInt(values.size() + 2);
        return i < values.size()
                ? values.path(i)
                : containers.get(random.nextInt(containers.size())).deepCopy();
    }

    private static boolean saneOrRefused(Path path) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            long end = file.dataStart();
            for (TensorInfo t : file.tensors().sequencedValues()) {
                assertEquals(end, t.offset(), t.name());
                assertEquals(t.shape().count() * t.dtype().bits(), 8 * t.bytes(), t.name());
                end += t.bytes();
            }
            assertEquals(Files.size(path), end);
            return true;
        } catch (IngotException.BadData e) {
            return false;
        }
    }

    private static void refused(org.junit.jupiter.api.function.Executable read) {
        IngotException e = assertThrows(IngotException.BadData.class, read);
        assertTrue(String.valueOf(e.getMessage()).chars().noneMatch(Character::isISOControl), e::getMessage);
    }

    /** Two tensors and a string of metadata. */
    private static byte[] small() {
        String header = "{\"__metadata__\":{\"format\":\"pt\"},\"a\"" + TinyModel.entry("F16", "[3,5]", "0,30")
                + ",\"b.c\"" + TinyModel.entry("I64", "[]", "30,38") + "}";
        return TinyModel.file(header, new byte[38]);
    }
}
