package ingot.cli.render;

import static ingot.cli.render.JsonFields.number;

import ingot.formats.json.Json;
import ingot.runtime.verify.Thresholds;
import ingot.runtime.verify.VerifyReport;
import java.util.OptionalDouble;
import tools.jackson.databind.node.ObjectNode;

/** The JSON of {@code ingot verify --json}. */
public final class VerifyJson {
    private VerifyJson() {}

    public static ObjectNode of(VerifyView view) {
        VerifyReport report = view.report();
        ObjectNode root = Json.object();
        root.put("pass", report.pass());
        root.put("model", view.model());
        root.put("golden", view.golden());
        root.put("type", view.info().type());
        root.put("kv_cache", view.info().kvCache().label());
        number(root, "bits_per_weight", view.info().bitsPerWeight());
        thresholds(root.putObject("thresholds"), report.thresholds());
        VerifyReport.Overall o = report.overall();
        ObjectNode overall = root.putObject("overall");
        number(overall, "nmse", o.nmse());
        number(overall, "max_abs", o.maxAbs());
        number(overall, "mean_kld", o.meanKld());
        number(overall, "p99_kld", o.p99Kld());
        number(overall, "max_kld", o.maxKld());
        number(overall, "top1", o.top1());
        var prompts = root.putArray("prompts");
        for (VerifyReport.PromptResult p : report.prompts()) {
            ObjectNode prompt = prompts.addObject();
            prompt.put("index", p.index());
            prompt.put("tokens", p.tokens());
            number(prompt, "nmse", p.nmse());
            number(prompt, "max_abs", p.maxAbs());
            number(prompt, "mean_kld", p.meanKld());
            number(prompt, "max_kld", p.maxKld());
            number(prompt, "top1", p.top1());
            prompt.put("greedy_matched", p.greedy().matched());
            prompt.put("greedy_total", p.greedy().total());
        }
        if (!report.layers().isEmpty()) {
            var layers = root.putArray("layers");
            report.layers().forEach(l -> number(layers.addObject().put("name", l.name()), "nmse", l.nmse()));
            report.departs().ifPresent(name -> root.put("departs", name));
        }
        if (!report.pass()) {
            var failures = root.putArray("failures");
            report.failures().forEach(failures::add);
        }
        return root;
    }

    private static void thresholds(ObjectNode node, Thresholds t) {
        put(node, "max_nmse", t.maxNmse());
        put(node, "min_top1", t.minTop1());
        put(node, "max_kld", t.maxKld());
        node.put("greedy", t.greedy());
    }

    private static void put(ObjectNode node, String key, OptionalDouble value) {
        number(node, key, value.orElse(Double.NaN));
    }
}
