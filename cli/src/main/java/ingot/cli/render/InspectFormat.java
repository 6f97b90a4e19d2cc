package ingot.cli.render;

import ingot.formats.Text;
import java.util.IntSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What {@code ingot inspect} found, for people. */
public final class InspectFormat {
    /** Metadata entries shown in a summary; a file may have thousands. */
    private static final int METADATA_SHOWN = 60;

    private InspectFormat() {}

    /** @param all whether to list every tensor instead of a line per type */
    public static String text(ObjectNode root, boolean all) {
        Table facts = new Table().text("").text("");
        for (Map.Entry<String, JsonNode> e : root.properties()) {
            String value = switch (e.getKey()) {
                case "tensors", "sha256", "provenance", "prompts", "warnings", "metadata" -> "";
                case "bytes" -> Format.bytes(e.getValue().longValue());
                case "parameters" -> Format.count(e.getValue().longValue());
                case "bits_per_weight" -> Format.fixed(e.getValue().doubleValue(), 2);
                case "quantized" -> quantized(e.getValue());
                default -> plain(e.getValue());
            };
            if (!value.isEmpty()) {
                facts.row(e.getKey().replace('_', ' '), value);
            }
        }
        provenance(facts, root.get("provenance"));
        JsonNode prompts = root.get("prompts");
        if (prompts != null) {
            StringJoiner lengths = new StringJoiner(", ");
            prompts.forEach(p -> lengths.add(p.get("tokens").asString()));
            facts.row("prompts", prompts.size() + " of " + lengths + " tokens");
        }
        metadata(facts, root.get("metadata"), all ? Integer.MAX_VALUE : METADATA_SHOWN);
        String head = facts.render() + warnings(root.get("warnings"));
        JsonNode tensors = root.get("tensors");
        if (tensors == null || tensors.isEmpty()) {
            return head;
        }
        return head + "\n" + (all ? list(tensors) : summary(tensors));
    }

    /** Whole sentences, so not cells of a table. */
    private static String warnings(JsonNode warnings) {
        StringBuilder out = new StringBuilder();
        if (warnings != null) {
            warnings.forEach(w ->
                    out.append("warning: ").append(Text.visible(w.asString())).append('\n'));
        }
        return out.toString();
    }

    private static void provenance(Table facts, JsonNode provenance) {
        if (provenance == null) {
            return;
        }
        if (provenance.has("tool")) {
            facts.row("made by", plain(provenance.get("tool")));
        }
        MadeBy.facts(provenance.path("options")).forEach(facts::row);
        calibration(facts, provenance.path("options").path("calibration"));
        provenance
                .path("sources")
                .forEach(s -> facts.row(
                        "source",
                        s.get("name").asString() + ", SHA-256 "
                                + s.get("sha256").asString().substring(0, 16) + "…"));
    }

    /** What the conversion looked at, where it looked at anything. */
    private static void calibration(Table facts, JsonNode set) {
        if (!set.isObject()) {
            return;
        }
        facts.row(
                "calibration",
                set.path("data").asString("?") + ", " + set.path("tokens").asLong(0) + " tokens, SHA-256 "
                        + Width.fit(set.path("sha256").asString("?"), 17));
        IntSummaryStatistics tokens = new IntSummaryStatistics();
        set.path("experts").forEach(layer -> layer.path("tokens").forEach(n -> tokens.accept(n.asInt(0))));
        if (tokens.getCount() > 0) {
            facts.row(
                    "experts",
                    tokens.getCount() + " in " + set.path("experts").size() + " layers, calibrated on "
                            + tokens.getMin() + " to " + tokens.getMax() + " tokens");
        }
    }

    private static String quantized(JsonNode counts) {
        StringJoiner out = new StringJoiner(", ", "", "; listed as the f32 they stand for");
        counts.properties().forEach(e -> out.add(e.getValue().asString() + " tensors " + e.getKey()));
        return out.toString();
    }

    private static void metadata(Table facts, JsonNode metadata, int most) {
        if (metadata == null) {
            return;
        }
        metadata.properties().stream()
                .limit(most)
                .forEach(e -> facts.row("metadata", e.getKey() + " " + plain(e.getValue())));
        if (metadata.size() > most) {
            facts.row("metadata", "and " + (metadata.size() - most) + " more; --tensors lists them");
        }
    }

    private static String plain(JsonNode node) {
        return switch (node) {
            case ObjectNode object -> {
                StringJoiner out = new StringJoiner(", ");
                for (Map.Entry<String, JsonNode> e : object.properties()) {
                    String value = plain(e.getValue());
                    if (!value.isEmpty()) {
                        out.add(e.getKey().replace('_', ' ') + " " + value);
                    }
                }
                yield out.toString();
            }
            default -> {
                if (node.isArray()) {
                    StringJoiner out = new StringJoiner(", ");
                    node.forEach(n -> out.add(plain(n)));
                    yield out.toString();
                }
                yield node.isNull() ? "" : node.asString();
            }
        };
    }

    private static String list(JsonNode tensors) {
        Table table = new Table()
                .text("tensor")
                .text("type")
                .number("shape")
                .number("bytes")
                .number("offset");
        tensors.forEach(t -> table.row(
                t.get("name").asString(),
                t.get("dtype").asString(),
                shape(t),
                Long.toString(t.get("bytes").longValue()),
                Long.toString(t.get("offset").longValue())));
        return table.render();
    }

    private static String shape(JsonNode tensor) {
        StringJoiner out = new StringJoiner("×");
        tensor.get("shape").forEach(d -> out.add(d.asString()));
        return out.toString();
    }

    private static String summary(JsonNode tensors) {
        Map<String, long[]> types = new LinkedHashMap<>();
        for (JsonNode t : tensors) {
            long[] sum = types.computeIfAbsent(t.get("dtype").asString(), k -> new long[3]);
            long elements = 1;
            for (JsonNode d : t.get("shape")) {
                elements *= d.longValue();
            }
            sum[0]++;
            sum[1] += elements;
            sum[2] += t.get("bytes").longValue();
        }
        Table table = new Table()
                .text("type")
                .number("tensors")
                .number("elements")
                .number("size")
                .number("bits each");
        types.forEach((type, sum) -> table.row(
                type,
                Long.toString(sum[0]),
                Format.count(sum[1]),
                Format.bytes(sum[2]),
                sum[1] == 0 ? "–" : Format.fixed(8.0 * sum[2] / sum[1], 2)));
        return table.render();
    }
}
