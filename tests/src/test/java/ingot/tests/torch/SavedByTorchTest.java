package ingot.tests.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.torch.TorchFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Files that torch itself saved: every tensor against the numbers torch says are in it. */
final class SavedByTorchTest {
    private static final Path FOLDER = Path.of(System.getProperty("ingot.root"), "golden-outputs", "torch");

    static List<String> files() throws IOException {
        try (var names = Files.list(FOLDER)) {
            List<String> found = names.map(p -> p.getFileName().toString())
                    .filter(n -> n.endsWith(".json"))
                    .map(n -> n.replace(".json", ""))
                    .sorted()
                    .toList();
            assertEquals(19, found.size());
            return found;
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyTensorIsWhatTorchSaved(String name) {
        JsonNode expected = Json.readObject(FOLDER.resolve(name + ".json"), JsonBound.INPUT);
        try (TorchFile file = TorchFile.open(FOLDER.resolve(name + ".bin"))) {
            assertEquals(name.endsWith("-legacy") ? TorchFile.Layout.LEGACY : TorchFile.Layout.ZIP, file.layout());
            assertEquals(
                    List.copyOf(expected.propertyNames()).stream().sorted().toList(),
                    file.tensors().keySet().stream().sorted().toList());
            for (TensorInfo t : file.tensors().values()) {
                JsonNode e = expected.path(t.name());
                assertEquals(e.path("dtype").asString(), t.dtype().label(), t.name());
                assertEquals(e.path("shape").toString(), t.shape().toString().replace(" ", ""), t.name());
                assertEquals(e.path("hex").asString(), HexFormat.of().formatHex(bytes(file, t)), t.name());
            }
        }
    }

    /** Any part of a tensor, also one that begins or ends inside an element, into memory on and off the heap. */
    @ParameterizedTest
    @ValueSource(strings = {"views", "views-legacy"})
    void everyPartOfATensorIsTheSamePartOfItsBytes(String name) {
        try (TorchFile file = TorchFile.open(FOLDER.resolve(name + ".bin"));
                Arena arena = Arena.ofConfined()) {
            for (TensorInfo t : file.tensors().values()) {
                byte[] all = bytes(file, t);
                for (int from = 0; from <= all.length; from += 3) {
                    for (int to = from; to <= all.length; to += 5) {
                        MemorySegment part = arena.allocate(to - from + 1L);
                        file.read(t, from, part.asSlice(0, to - from));
                        assertEquals(
                                MemorySegment.ofArray(all)
                                        .asSlice(from, to - from)
                                        .mismatch(part.asSlice(0, to - from)),
                                -1,
                                t.name() + " " + from + ".." + to);
                        assertEquals(0, part.get(ValueLayout.JAVA_BYTE, to - from));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "single-tensor, a single tensor",
        "expanded, stride 0 over a dimension of 1000",
        "module, refers to 'torch.nn.modules.linear.Linear'",
        "int-key, a dict key that is not a string",
        "torchscript, a TorchScript archive",
        "protocol-4, not a pickle of protocol 2"
    })
    void otherThingsThatTorchSavesAreRefused(String name, String message) {
        IngotException e = assertThrows(
                IngotException.BadData.class,
                () -> TorchFile.open(FOLDER.resolve("refused-" + name + ".bin")).close());
        assertTrue(String.valueOf(e.getMessage()).contains(message), e::getMessage);
    }

    static byte[] bytes(TensorSource source, TensorInfo tensor) {
        byte[] out = new byte[Math.toIntExact(tensor.bytes())];
        source.read(tensor, 0, MemorySegment.ofArray(out));
        return out;
    }
}
