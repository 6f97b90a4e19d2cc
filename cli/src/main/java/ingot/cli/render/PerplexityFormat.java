package ingot.cli.render;

import static ingot.cli.render.JsonFields.number;

import ingot.formats.json.Json;
import ingot.runtime.perplexity.PerplexityResult;
import ingot.runtime.perplexity.PerplexityResult.Divergence;
import ingot.runtime.perplexity.PerplexityResult.Estimate;
import tools.jackson.databind.node.ObjectNode;

/** Perplexity for people and for programs. */
public final class PerplexityFormat {
    private PerplexityFormat() {}

    public static String text(PerplexityResult r) {
        Table table = new Table().text("").number("").text("");
        table.row("perplexity", Format.fixed(r.perplexity(), 4), plusMinus(r.perplexityError(), 4));
        table.row("nats per token", Format.fixed(r.nll(), 5), "");
        table.row("tokens scored", Integer.toString(r.tokens()), r.chunks() + " windows of " + r.context());
        r.divergence().ifPresent(d -> divergence(table, d));
        return table.render();
    }

    private static void divergence(Table table, Divergence d) {
        table.row("perplexity of reference", Format.fixed(d.referencePerplexity(), 4), "");
        table.row(
                "mean KLD",
                Format.fixed(d.kld().mean().value(), 6),
                plusMinus(d.kld().mean().error(), 6));
        table.row("median KLD", Format.fixed(d.kld().median(), 6), "");
        table.row("99 % KLD", Format.fixed(d.kld().p99(), 6), "");
        table.row("99.9 % KLD", Format.fixed(d.kld().p999(), 6), "");
        table.row("max KLD", Format.fixed(d.kld().max(), 6), "");
        percent(table, "same top-1", d.sameTop1());
        percent(table, "mean Δp", d.meanDp());
        percent(table, "RMS Δp", d.rmsDp());
    }

    private static void percent(Table table, String name, Estimate e) {
        table.row(name, Format.fixed(100 * e.value(), 3) + " %", plusMinus(100 * e.error(), 3) + " %");
    }

    private static String plusMinus(double error, int decimals) {
        return "± " + Format.fixed(error, decimals);
    }

    public static ObjectNode json(PerplexityResult r) {
        ObjectNode node = Json.object();
        number(node, "perplexity", r.perplexity());
        number(node, "perplexity_stderr", r.perplexityError());
        number(node, "nll", r.nll());
        node.put("tokens", r.tokens());
        node.put("chunks", r.chunks());
        node.put("context", r.context());
        r.divergence().ifPresent(d -> {
            number(node, "reference_perplexity", d.referencePerplexity());
            number(node, "mean_kld", d.kld().mean().value());
            number(node, "mean_kld_stderr", d.kld().mean().error());
            number(node, "median_kld", d.kld().median());
            number(node, "p99_kld", d.kld().p99());
            number(node, "p999_kld", d.kld().p999());
            number(node, "max_kld", d.kld().max());
            number(node, "same_top1", d.sameTop1().value());
            number(node, "same_top1_stderr", d.sameTop1().error());
            number(node, "mean_dp", d.meanDp().value());
            number(node, "mean_dp_stderr", d.meanDp().error());
            number(node, "rms_dp", d.rmsDp().value());
            number(node, "rms_dp_stderr", d.rmsDp().error());
        });
        return node;
    }
}
