package ingot.cli.render;

import static ingot.cli.render.JsonFields.number;

import ingot.formats.json.Json;
import ingot.quant.allocation.Allocation;
import ingot.quant.allocation.Allocation.Choice;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** Which types were chosen for a budget, for people and for programs. */
final class AllocationFormat {
    private AllocationFormat() {}

    static ObjectNode json(Allocation plan) {
        ObjectNode root = Json.object();
        root.put("budget", plan.budget());
        root.put("weight_bytes", plan.bytes());
        number(root, "predicted_kld", plan.damage());
        var groups = root.putArray("groups");
        for (Choice choice : plan.choices()) {
            ObjectNode node = groups.addObject();
            node.put("name", choice.group().name());
            node.put("tensors", choice.group().tensors().size());
            node.put("type", choice.layout().describe());
            number(node, "bits_per_weight", bits(choice));
            number(node, "predicted_kld", choice.damage());
        }
        return root;
    }

    /** One line per kind of matrix, the layers together, in the order of the file. */
    static String text(Allocation plan, long parameters) {
        Map<String, Kind> kinds = new LinkedHashMap<>();
        for (Choice choice : plan.choices()) {
            kinds.computeIfAbsent(kind(choice.group().name()), k -> new Kind()).add(choice);
        }
        Table table = new Table()
                .text("matrices")
                .text("types")
                .number("weights")
                .number("bits")
                .number("predicted KLD");
        kinds.forEach((name, kind) -> table.row(
                name,
                kind.types(),
                Format.count(kind.weights),
                Format.fixed(8.0 * kind.bytes / kind.weights, 2),
                Format.scientific(kind.damage)));
        return table.render() + "\nplan for " + plan.budget() + ": "
                + Format.fixed(8.0 * plan.bytes() / parameters, 3) + " bits per weight, predicted mean KLD "
                + Format.scientific(plan.damage()) + "\n";
    }

    private static double bits(Choice choice) {
        return 8.0 * choice.bytes() / choice.group().count();
    }

    /** The name without the layer's number and what all names have in common. */
    private static String kind(String name) {
        return name.replaceFirst("^(?:.*\\.)?(?:layers|h)\\.[0-9]+\\.", "").replaceFirst("\\.weight$", "");
    }

    private static final class Kind {
        private final Map<String, Integer> counts = new LinkedHashMap<>();
        private long weights;
        private long bytes;
        private double damage;

        void add(Choice choice) {
            counts.merge(choice.layout().describe(), 1, Integer::sum);
            weights += choice.group().count();
            bytes += choice.bytes();
            damage += choice.damage();
        }

        String types() {
            StringBuilder list = new StringBuilder();
            counts.forEach((type, n) ->
                    list.append(list.isEmpty() ? "" : ", ").append(type).append(n == 1 ? "" : " ×" + n));
            return list.toString();
        }
    }
}
