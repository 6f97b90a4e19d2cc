package ingot.quant.calibration;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a finished step left in a {@link WorkFolder}, as the list says that is written behind it.
 *
 * @param experts tokens of each expert of the step's layer; none without experts
 * @param tensors by name
 * @param hashes SHA-256 by file: of the tensors' bytes, and of the residual streams behind the step
 */
record StepList(List<Integer> experts, Map<String, KeptTensor> tensors, Map<String, String> hashes) {
    void save(Path list) {
        ObjectNode json = Json.object();
        var counts = json.putArray("experts");
        experts.forEach(counts::add);
        ObjectNode done = json.putObject("tensors");
        tensors.forEach((name, kept) -> done.set(name, kept.toJson()));
        ObjectNode files = json.putObject("sha256");
        hashes.forEach(files::put);
        WorkFiles.save(list, json);
    }

    /**
     * The list of a step whose bytes are in the file {@code bytes}.
     *
     * @throws IngotException.BadData when it is not as it was written, or the bytes are not
     */
    static StepList read(Path list, Path bytes, int step) throws IOException {
        long size = Files.size(bytes);
        ObjectNode json = Json.readObject(list, JsonBound.INPUT);
        StepList read;
        try {
            List<Integer> experts = new ArrayList<>();
            json.get("experts").valueStream().forEach(n -> experts.add(n.intValue()));
            Map<String, KeptTensor> tensors = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> entry : json.get("tensors").properties()) {
                tensors.put(entry.getKey(), KeptTensor.read(step, size, entry.getValue()));
            }
            Map<String, String> hashes = new LinkedHashMap<>();
            json.get("sha256")
                    .properties()
                    .forEach(e -> hashes.put(e.getKey(), e.getValue().stringValue()));
            read = new StepList(experts, tensors, hashes);
        } catch (RuntimeException e) {
            throw damaged(list);
        }
        read.require(bytes);
        return read;
    }

    /** Refuses a file that is not as it was when the list was written. */
    void require(Path file) {
        if (!WorkFiles.sha256(file).equals(hashes.get(Folders.name(file)))) {
            throw damaged(file);
        }
    }

    private static IngotException damaged(Path file) {
        return new IngotException.BadData(Text.path(file) + " is damaged; convert without --resume to begin anew");
    }
}
