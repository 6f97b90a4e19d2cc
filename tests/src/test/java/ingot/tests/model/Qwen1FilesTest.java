package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ingot.formats.DType;
import ingot.formats.Progress;
import ingot.formats.block.Dense;
import ingot.formats.block.Int4;
import ingot.formats.block.Layout;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.StoredTensor;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.Model;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The first Qwen in every file it was published in. */
final class Qwen1FilesTest {
    @TempDir
    Path temporary;

    private Map<String, byte[]> payload(String name, Layout layout) {
        Path file = temporary.resolve(name + layout.label() + ".ingot");
        new Converter(ConvertOptions.of(layout)).convert(Golden.folder("checkpoints/" + name), file, Progress.none());
        Map<String, byte[]> parts = new LinkedHashMap<>();
        try (IngotFile ingot = IngotFile.open(file);
                Arena arena = Arena.ofConfined()) {
            MemorySegment mapping = ingot.map(arena);
            for (StoredTensor tensor : ingot.manifest().tensors()) {
                List<MemorySegment> segments = ingot.parts(tensor, mapping);
                for (int i = 0; i < segments.size(); i++) {
                    parts.put(tensor.name() + " part " + i, segments.get(i).toArray(ValueLayout.JAVA_BYTE));
                }
            }
        }
        return parts;
    }

    @Test
    void fourFilesOfOneModelGiveTheSamePayload() {
        for (Layout layout : List.of(new Dense(DType.F32), new Int4(32))) {
            Map<String, byte[]> expected = payload("qwen1-safetensors", layout);
            for (String name : List.of("qwen1-bin", "qwen1-bin-legacy", "qwen1-bin-sharded")) {
                Map<String, byte[]> actual = payload(name, layout);
                assertEquals(List.copyOf(expected.keySet()), List.copyOf(actual.keySet()), name);
                expected.forEach((part, bytes) -> assertArrayEquals(bytes, actual.get(part), name + " " + part));
            }
        }
    }

    @Test
    void fromTextToText() throws IOException {
        Path folder = Golden.folder("checkpoints/qwen1-e2e");
        try (Model model = Model.open(folder)) {
            Tokenizer tokenizer = model.tokenizer().orElseThrow();
            for (JsonNode sample :
                    Json.parse(Files.readAllBytes(folder.resolve("text.json")), folder, JsonBound.INPUT)) {
                int[] ids = ints(sample.get("ids"));
                assertArrayEquals(ids, tokenizer.encode(sample.get("text").stringValue()));
                int[] expected = ints(sample.get("greedy_ids_cached"));
                assertArrayEquals(expected, Runs.greedyCached(model, ids, expected.length));
                assertEquals(sample.get("greedy_text").stringValue(), tokenizer.decode(expected));
            }
        }
    }

    private static int[] ints(JsonNode array) {
        return array.valueStream().mapToInt(JsonNode::intValue).toArray();
    }
}
