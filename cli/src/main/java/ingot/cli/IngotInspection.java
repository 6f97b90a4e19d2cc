package ingot.cli;

import ingot.formats.TensorInfo;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.IngotFormat;
import ingot.formats.ingot.Manifest;
import ingot.formats.ingot.StoredTensor;
import ingot.formats.json.Json;
import java.util.HexFormat;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What {@code ingot inspect} says of .ingot files: tensors as the manifest names them, provenance and checksums. */
final class IngotInspection {
    private IngotInspection() {}

    static void describe(IngotFile file, Inspection in) {
        Manifest manifest = file.manifest();
        ObjectNode root = in.root();
        in.start("ingot", file.size());
        root.put("version", file.physical().metadata().getOrDefault("ingot.version", ""));
        in.architecture(manifest.config());
        ArrayNode tensors = tensors(file, in);
        if (manifest.hasTokenizer()) {
            in.tokenizer(ModelText.data(in.path()));
        }
        provenance(manifest, root.putObject("provenance"));
        boolean golden =
                file.physical().tensors().keySet().stream().anyMatch(n -> n.startsWith(IngotFormat.GOLDEN_PREFIX));
        root.put("golden", golden);
        if (in.verify()) {
            file.verify(in.progress());
        }
        root.put("checksums", in.verify() ? "verified" : "present");
        checksums(file, root.putObject("sha256"));
        root.set("tensors", tensors);
    }

    private static ArrayNode tensors(IngotFile file, Inspection in) {
        long parameters = 0;
        long bytes = 0;
        ArrayNode tensors = Json.array();
        for (StoredTensor t : file.manifest().tensors()) {
            List<TensorInfo> parts =
                    t.parts().stream().map(file::physicalTensor).toList();
            long size = parts.stream().mapToLong(TensorInfo::bytes).sum();
            parameters += t.shape().count();
            bytes += size;
            ObjectNode node = Inspection.tensor(tensors, t.name(), t.layout().describe(), t.shape());
            Inspection.place(node, size, file.path(), parts.getFirst().offset());
            node.put("nmse", t.nmse());
            if (parts.size() > 1) {
                ArrayNode list = node.putArray("parts");
                parts.forEach(p -> Inspection.list(list, p));
            }
        }
        in.totals(parameters, bytes);
        return tensors;
    }

    private static void provenance(Manifest manifest, ObjectNode provenance) {
        provenance.put("tool", manifest.tool());
        provenance.set("options", manifest.options());
        ArrayNode sources = provenance.putArray("sources");
        manifest.sources()
                .forEach(s -> sources.addObject()
                        .put("name", s.name())
                        .put("bytes", s.bytes())
                        .put("sha256", s.sha256()));
    }

    private static void checksums(IngotFile file, ObjectNode hashes) {
        int i = 0;
        for (TensorInfo t : file.physical().tensors().values()) {
            if (!t.name().equals(IngotFormat.CHECKSUMS)) {
                hashes.put(t.name(), HexFormat.of().formatHex(file.sha256(i)));
            }
            i++;
        }
    }
}
