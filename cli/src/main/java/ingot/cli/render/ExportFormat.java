package ingot.cli.render;

import static ingot.cli.render.JsonFields.number;

import ingot.formats.json.Json;
import ingot.quant.ExportResult;
import ingot.quant.ExportResult.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import tools.jackson.databind.node.ObjectNode;

/** What an export wrote, for people and for programs. */
public final class ExportFormat {
    private ExportFormat() {}

    public static ObjectNode json(ExportResult result) {
        ObjectNode root = Json.object();
        root.put("output", result.output().toString());
        root.put("type", result.type());
        root.put("lossless", result.lossless());
        root.put("bytes", result.bytes());
        root.put("tensor_bytes", result.tensorBytes());
        root.set("options", result.made().options());
        result.made().calibration().ifPresent(c -> ConvertJson.calibration(root, c, result.asConversion()));
        var files = root.putArray("files");
        result.files().stream().map(Path::toString).forEach(files::add);
        var tensors = root.putArray("tensors");
        for (Tensor t : result.tensors()) {
            ObjectNode node = tensors.addObject();
            node.put("name", t.name());
            node.put("stored_as", t.storedAs());
            node.put("type", t.type());
            node.put("bytes", t.bytes());
            node.put("lossless", t.lossless());
            number(node, "nmse", t.nmse());
            node.put("method", t.loss().method());
            t.loss().weightedError().ifPresent(e -> number(node, "weighted_error", e));
            if (!t.loss().note().isEmpty()) {
                node.put("note", t.loss().note());
            }
        }
        return root;
    }

    /** A line for every tensor, and one for all. */
    public static String text(ExportResult result) {
        boolean calibrated =
                result.tensors().stream().anyMatch(t -> t.loss().weightedError().isPresent());
        Table table = new Table().text("tensor").text("from").text("to").number("NMSE");
        if (calibrated) {
            table.number("of outputs").text("method");
        }
        for (Tensor t : result.tensors()) {
            List<String> row = new ArrayList<>(
                    List.of(t.name(), t.storedAs(), t.type(), t.lossless() ? "lossless" : Format.scientific(t.nmse())));
            if (calibrated) {
                OptionalDouble weighted = t.loss().weightedError();
                row.add(weighted.isPresent() ? Format.scientific(weighted.getAsDouble()) : "");
                row.add(
                        t.loss().note().isEmpty()
                                ? t.loss().method()
                                : t.loss().method() + ": " + t.loss().note());
            }
            table.row(row);
        }
        long rounded = result.tensors().stream().filter(t -> !t.lossless()).count();
        // Error feedback moves weights on purpose: where the outputs' error is known, it counts.
        String worst = calibrated
                ? "worst weighted error "
                        + Format.scientific(result.tensors().stream()
                                .flatMapToDouble(t -> t.loss().weightedError().stream())
                                .max())
                : "worst NMSE "
                        + Format.scientific(result.tensors().stream()
                                .mapToDouble(Tensor::nmse)
                                .max()
                                .orElse(0));
        String files = result.files().size() > 1 ? " in " + result.files().size() + " files" : "";
        return table.render() + "\n" + result.output() + ": " + result.tensors().size() + " tensors, "
                + Format.bytes(result.bytes()) + files
                + (rounded == 0 ? ", bit-exact values of the model" : ", " + rounded + " rounded again: " + worst)
                + "\n";
    }
}
