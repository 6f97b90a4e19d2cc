package ingot.quant.allocation;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.json.Json;
import ingot.quant.calibration.Sensitivity;
import ingot.quant.calibration.WeightGroup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.JsonNodeException;
import tools.jackson.databind.node.ObjectNode;

/**
 * A type for every group of matrices, chosen for a budget.
 *
 * @param budget as it was asked for
 * @param bytes of all weights, those without a choice included
 * @param choices in file order
 */
public record Allocation(String budget, long bytes, List<Choice> choices) {
    /** Types to choose from; each pays at some budget. Every one has scales, so error feedback applies. */
    public static final List<Layout> CANDIDATES = List.of(
            new IntN(3, 128),
            new IntN(3, 64),
            new IntN(3, 32),
            new Iq4(128),
            new Iq4(64),
            new Iq4(32),
            new IntN(5, 128),
            new IntN(5, 64),
            new IntN(5, 32),
            new IntN(6, 128),
            new IntN(6, 64),
            new Int8(128),
            new Int8(32));

    public Allocation {
        choices = List.copyOf(choices);
    }

    /**
     * The type of a group.
     *
     * @param damage predicted divergence it alone causes, nats per token
     */
    public record Choice(WeightGroup group, Layout layout, double damage) {
        /** Bytes of the group's matrices. */
        public long bytes() {
            return Allocation.bytes(group, layout);
        }
    }

    /**
     * Predicted mean divergence of the whole: errors of different matrices hardly correlate, so their damages add up.
     */
    public double damage() {
        return choices.stream().mapToDouble(Choice::damage).sum();
    }

    /**
     * Chooses.
     *
     * @param measured damage of {@link #CANDIDATES}
     * @param fixed bytes of the weights there is no choice for
     * @param parameters single weights of the model
     * @throws IngotException.Usage when the budget is out of the model's range
     */
    public static Allocation of(Budget budget, List<Sensitivity> measured, long fixed, long parameters) {
        List<List<Solver.Option>> items = new ArrayList<>();
        for (Sensitivity s : measured) {
            List<Solver.Option> options = new ArrayList<>();
            for (int i = 0; i < CANDIDATES.size(); i++) {
                options.add(new Solver.Option(
                        bytes(s.group(), CANDIDATES.get(i)), s.damage().get(i)));
            }
            items.add(options);
        }
        long capacity = require(budget, Solver.least(items) + fixed, Solver.most(items) + fixed, parameters) - fixed;
        int[] chosen = Solver.solve(items, capacity);
        List<Choice> choices = new ArrayList<>();
        for (int i = 0; i < chosen.length; i++) {
            Sensitivity s = measured.get(i);
            choices.add(
                    new Choice(s.group(), CANDIDATES.get(chosen[i]), s.damage().get(chosen[i])));
        }
        long bytes = fixed + choices.stream().mapToLong(Choice::bytes).sum();
        return new Allocation(budget.text(), bytes, choices);
    }

    /**
     * The bytes of a budget that the types can meet.
     *
     * @param least bytes of the smallest types
     * @param most bytes of the largest
     */
    private static long require(Budget budget, long least, long most, long parameters) {
        long bytes = budget.bytes(parameters);
        if (bytes >= least && bytes <= Math.ceilDiv(most * 101, 100)) {
            return bytes;
        }
        throw new IngotException.Usage("budget " + Text.quote(budget.text()) + " is too "
                + (bytes < least ? "small" : "large") + ": the weights of this model take "
                + size(least, parameters) + " to " + size(most, parameters)
                + " with the types to choose from and the --keep rules");
    }

    private static String size(long bytes, long parameters) {
        return String.format(Locale.ROOT, "%.2fbpw (%.1fMB)", 8.0 * bytes / parameters, bytes / 1e6);
    }

    /** Checks a budget before anything is measured. */
    public static void requireWithinRange(Budget budget, List<WeightGroup> groups, long fixed, long parameters) {
        long least = fixed;
        long most = fixed;
        for (WeightGroup group : groups) {
            least += CANDIDATES.stream().mapToLong(c -> bytes(group, c)).min().orElseThrow();
            most += CANDIDATES.stream().mapToLong(c -> bytes(group, c)).max().orElseThrow();
        }
        require(budget, least, most, parameters);
    }

    private static long bytes(WeightGroup group, Layout layout) {
        return group.tensors().stream()
                .mapToLong(t -> layout.bytes(t.rows(), t.cols()))
                .reduce(0, Math::addExact);
    }

    /** Layouts by tensor name. */
    public Map<String, Layout> layouts() {
        Map<String, Layout> layouts = new HashMap<>();
        choices.forEach(c -> c.group().tensors().forEach(t -> layouts.put(t.name(), c.layout())));
        return layouts;
    }

    /** The plan, for provenance and for going on with it. */
    public ObjectNode toJson() {
        ObjectNode node =
                Json.object().put("budget", budget).put("bytes", bytes).put("predicted_kld", damage());
        var list = node.putArray("tensors");
        for (Choice choice : choices) {
            ObjectNode entry = list.addObject().put("name", choice.group().name());
            entry.set("layout", choice.layout().toJson());
            entry.put("predicted_kld", choice.damage());
        }
        return node;
    }

    /**
     * Reads {@link #toJson} back.
     *
     * @param file named in errors
     * @param groups of the model
     */
    public static Allocation parse(ObjectNode node, Path file, List<WeightGroup> groups) {
        try {
            List<Choice> choices = new ArrayList<>();
            JsonNode list = node.path("tensors");
            for (int i = 0; i < groups.size(); i++) {
                JsonNode entry = list.path(i);
                String name = entry.path("name").asString("");
                if (!name.equals(groups.get(i).name()) || list.size() != groups.size()) {
                    throw new IllegalArgumentException(name);
                }
                Layout layout = Layout.parse(entry.path("layout"), file, name);
                choices.add(new Choice(
                        groups.get(i), layout, entry.path("predicted_kld").doubleValue()));
            }
            return new Allocation(
                    node.path("budget").asString(), node.path("bytes").longValue(), choices);
        } catch (IllegalArgumentException | JsonNodeException e) {
            throw new IngotException.BadData(Text.path(file) + " is damaged; convert without --resume to begin anew");
        }
    }
}
