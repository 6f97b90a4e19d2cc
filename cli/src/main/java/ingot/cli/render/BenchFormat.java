package ingot.cli.render;

import static ingot.cli.render.JsonFields.number;

import ingot.formats.json.Json;
import ingot.runtime.ModelInfo;
import ingot.runtime.bench.BenchResult;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Results of a benchmark in the forms people and programs read.
 *
 * @param model path as typed
 */
public record BenchFormat(String model, ModelInfo info) {
    /** Spelled as typed. */
    public enum Kind {
        md,
        csv,
        json,
        jsonl
    }

    public String render(List<BenchResult> results, Kind kind) {
        return switch (kind) {
            case md -> markdown(results);
            case csv -> csv(results);
            case json -> {
                ArrayNode list = Json.array();
                results.forEach(r -> list.add(json(r)));
                yield Json.pretty(list) + "\n";
            }
            case jsonl ->
                results.stream().map(r -> Json.compact(json(r)) + "\n").collect(Collectors.joining());
        };
    }

    private String markdown(List<BenchResult> results) {
        StringBuilder out =
                new StringBuilder("| model | size | params | type | backend | threads | kv cache | test | t/s |\n");
        out.append("|---|--:|--:|---|---|--:|---|---|--:|\n");
        long bytes = Math.round(info.bitsPerWeight() * info.parameters() / 8);
        for (BenchResult r : results) {
            out.append("| " + Markup.cell(info.architecture()) + " | " + Format.bytes(bytes) + " | "
                    + Format.count(info.parameters()) + " | " + info.type() + " | " + info.backend() + " | "
                    + info.threads() + " | " + info.kvCache().label() + " | " + r.test() + " | " + speed(r) + " |\n");
        }
        return out.toString();
    }

    /** {@code 123.45 ± 0.67}. */
    public static String speed(BenchResult r) {
        return Format.fixed(r.mean(), 2) + " ± " + Format.fixed(r.standardDeviation(), 2);
    }

    private String csv(List<BenchResult> results) {
        StringBuilder out = new StringBuilder(
                "test,n_prompt,n_gen,n_depth,avg_ts,stddev_ts,threads,kv_cache,model,type,backend,n_sequences\n");
        for (BenchResult r : results) {
            out.append(String.format(
                    Locale.ROOT,
                    "%s,%d,%d,%d,%.6f,%.6f,%d,%s,%s,%s,%s,%d\n",
                    r.test(),
                    r.promptTokens(),
                    r.generatedTokens(),
                    r.depth(),
                    r.mean(),
                    r.standardDeviation(),
                    info.threads(),
                    info.kvCache().label(),
                    quoted(model),
                    quoted(info.type()),
                    quoted(info.backend()),
                    r.sequences()));
        }
        return out.toString();
    }

    /** RFC 4180. */
    private static String quoted(String s) {
        return "\"" + s.replace("\"", "\"\"") + "\"";
    }

    private ObjectNode json(BenchResult r) {
        ObjectNode node = Json.object();
        node.put("test", r.test());
        node.put("n_prompt", r.promptTokens());
        node.put("n_gen", r.generatedTokens());
        node.put("n_depth", r.depth());
        number(node, "avg_ts", r.mean());
        number(node, "stddev_ts", r.standardDeviation());
        ArrayNode samples = node.putArray("samples_ts");
        r.samples().forEach(samples::add);
        node.put("threads", info.threads());
        node.put("kv_cache", info.kvCache().label());
        node.put("model", model);
        node.put("type", info.type());
        node.put("backend", info.backend());
        node.put("n_sequences", r.sequences());
        return node;
    }
}
