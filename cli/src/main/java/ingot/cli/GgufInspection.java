package ingot.cli;

import ingot.formats.gguf.GgufFile;
import ingot.formats.gguf.GgufModel;
import ingot.formats.gguf.GgufTensor;
import ingot.formats.json.Json;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What {@code ingot inspect} says of GGUF files: tensors and metadata as they are stored. */
final class GgufInspection {
    /** Longest metadata value shown. */
    private static final int MAX_VALUE = 200;

    /** Where the exporter says how it chose numbers. */
    private static final String OWN = "ingot.quantize.";

    private GgufInspection() {}

    static void describe(GgufModel model, Inspection in) {
        ObjectNode root = in.root();
        GgufFile first = model.files().getFirst();
        root.put("version", first.version());
        root.put("alignment", first.alignment());
        ArrayNode files = root.putArray("files");
        long parameters = 0;
        long bytes = 0;
        for (GgufFile file : model.files()) {
            files.add(file.path().toString());
            for (GgufTensor t : file.tensors().values()) {
                parameters = Math.addExact(parameters, t.shape().count());
                bytes = Math.addExact(bytes, t.bytes());
            }
        }
        in.totals(parameters, bytes);
        provenance(root, first.describeMetadata());
        ObjectNode metadata = root.putObject("metadata");
        first.describeMetadata()
                .forEach((key, value) -> metadata.put(
                        key, value.length() <= MAX_VALUE ? value : value.substring(0, MAX_VALUE - 1) + "…"));
    }

    /** How the numbers were chosen, where Ingot chose them: the same keys as of .ingot files. */
    private static void provenance(ObjectNode root, Map<String, String> metadata) {
        String method = metadata.get(OWN + "method");
        if (method == null) {
            return;
        }
        ObjectNode options = root.putObject("provenance").putObject("options").put("method", method);
        Optional.ofNullable(metadata.get(OWN + "order")).ifPresent(order -> options.put("order", order));
        Optional.ofNullable(metadata.get(OWN + "drift"))
                .filter(drift -> drift.matches("[0-9]{1,9}(\\.[0-9]{1,9})?"))
                .ifPresent(drift -> options.put("drift", Double.parseDouble(drift)));
        ObjectNode calibration = options.putObject("calibration");
        for (String name : List.of("data", "sha256", "ids_sha256", "tokens", "sequences", "length", "seed")) {
            String value = metadata.get(OWN + "calibration." + name);
            if (value != null && value.matches("-?[0-9]{1,18}")) {
                calibration.put(name, Long.parseLong(value));
            } else if (value != null) {
                calibration.put(name, value);
            }
        }
    }

    static ArrayNode tensors(GgufModel model) {
        ArrayNode list = Json.array();
        for (GgufFile file : model.files()) {
            for (GgufTensor t : file.tensors().values()) {
                String type = t.type().name().toLowerCase(Locale.ROOT);
                Inspection.place(Inspection.tensor(list, t.name(), type, t.shape()), t.bytes(), t.file(), t.offset());
            }
        }
        return list;
    }
}
