package ingot.cli.render;

import static ingot.cli.render.JsonFields.number;

import ingot.formats.json.Json;
import ingot.quant.allocation.Allocation;
import ingot.quant.allocation.Allocation.Choice;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** Which types were chosen for a budget, for people and for programs. */
final class AllocationFormat {
    /** Room for a list of types beside four other columns. */
    private static final int LIST_WIDTH = 40;

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

    /** The heads of {@link #kinds}. */
    static final List<String> HEADS = List.of("matrices", "types", "weights", "bits", "predicted KLD");

    /** One row per kind of matrix, the layers together, in the order of the file. */
    static List<List<String>> kinds(Allocation plan) {
        Map<String, Kind> kinds = new LinkedHashMap<>();
        for (Choice choice : plan.choices()) {
            kinds.computeIfAbsent(kind(choice.group().name()), k -> new Kind()).add(choice);
        }
        List<List<String>> rows = new ArrayList<>();
        kinds.forEach((name, kind) -> rows.add(List.of(
                name,
                kind.types(),
                Format.count(kind.weights),
                Format.fixed(8.0 * kind.bytes / kind.weights, 2),
                Format.scientific(kind.damage))));
        return rows;
    }

    static String text(Allocation plan, long parameters) {
        Table table = new Table();
        for (int i = 0; i < HEADS.size(); i++) {
            if (i < 2) {
                table.text(HEADS.get(i));
            } else {
                table.number(HEADS.get(i));
            }
        }
        kinds(plan).forEach(row -> wrapped(table, row));
        return table.render() + "\nplan for " + plan.budget() + ": "
                + Format.fixed(8.0 * plan.bytes() / parameters, 3) + " bits per weight, predicted mean KLD "
                + Format.scientific(plan.damage()) + "\n";
    }

    /** A long list of types goes on in rows below: none of it is cut. */
    private static void wrapped(Table table, List<String> row) {
        List<String> lines = new ArrayList<>();
        for (String type : row.get(1).split(", ", -1)) {
            String last = lines.isEmpty() ? "" : lines.getLast();
            if (!last.isEmpty() && last.length() + type.length() + 3 <= LIST_WIDTH) {
                lines.set(lines.size() - 1, last + ", " + type);
            } else {
                if (!last.isEmpty()) {
                    lines.set(lines.size() - 1, last + ",");
                }
                lines.add(type);
            }
        }
        for (int i = 0; i < lines.size(); i++) {
            List<String> cells = new ArrayList<>(i == 0 ? row : Collections.nCopies(row.size(), ""));
            cells.set(1, lines.get(i));
            table.row(cells);
        }
    }

    static double bits(Choice choice) {
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
