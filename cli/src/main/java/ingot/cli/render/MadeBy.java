package ingot.cli.render;

import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import tools.jackson.databind.JsonNode;

/** How a file was made, from the options that its provenance has: pairs of what and how. */
final class MadeBy {
    private MadeBy() {}

    /** @param options as in a manifest; whatever is missing is left out */
    static List<List<String>> facts(JsonNode options) {
        List<List<String>> rows = new ArrayList<>();
        String budget = options.path("budget").asString("");
        if (!budget.isEmpty()) {
            add(rows, "types", "chosen for a budget of " + budget);
        } else {
            add(rows, "type", layout(options.path("layout")));
        }
        StringJoiner keep = new StringJoiner(", ");
        options.path("keep")
                .forEach(rule -> keep.add(rule.path("pattern").asString("") + "=" + layout(rule.path("layout"))));
        add(rows, "kept", keep.toString());
        String method = options.path("method").asString("");
        add(
                rows,
                "method",
                switch (method) {
                    case "rtn" -> "rtn, round to nearest";
                    case "gptq" -> "gptq, error feedback";
                    case "imatrix" -> "imatrix, round to nearest, weighted";
                    default -> method;
                });
        add(rows, "column order", options.path("order").asString(""));
        if (options.path("drift").isNumber()) {
            double drift = options.path("drift").doubleValue();
            add(
                    rows,
                    "drift correction",
                    drift == 0 ? "off" : Double.toString(drift).replaceFirst("\\.0$", ""));
        }
        StringJoiner transforms = new StringJoiner(", ");
        options.path("transforms").forEach(t -> transforms.add(t.asString("")));
        add(rows, "transforms", transforms.toString());
        add(rows, "adapter", options.path("adapter").asString(""));
        return rows;
    }

    private static void add(List<List<String>> rows, String what, String how) {
        if (!how.isEmpty()) {
            rows.add(List.of(what, how));
        }
    }

    private static String layout(JsonNode node) {
        String type = node.path("type").asString("");
        String group = node.path("group").asString("");
        return group.isEmpty() ? type : type + " g" + group;
    }
}
