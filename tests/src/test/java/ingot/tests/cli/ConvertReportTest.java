package ingot.tests.cli;

import static ingot.tests.cli.Cli.keys;
import static ingot.tests.cli.Documents.labels;
import static ingot.tests.cli.Documents.page;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.cli.render.ConvertFormat;
import ingot.cli.render.ConvertHtml;
import ingot.cli.render.ConvertView;
import ingot.formats.Shape;
import ingot.formats.json.Json;
import ingot.quant.CalibrationResult;
import ingot.quant.ConvertResult;
import ingot.quant.ConvertResult.TensorResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import tools.jackson.databind.JsonNode;

/** The report of a conversion: JSON and HTML of the same run. */
final class ConvertReportTest {
    private static final Path MIXTURE = Cli.ROOT.resolve("golden-outputs/checkpoints/qwen3_moe-a");

    @TempDir
    Path folder;

    private static JsonNode json(Cli r) {
        assertEquals(0, r.code(), r.err());
        return r.json();
    }

    private Path tokens() throws IOException {
        StringBuilder ids = new StringBuilder("{\"ids\": [1");
        for (int i = 1; i < 400; i++) {
            ids.append(", ").append(i * 53 % 211);
        }
        return Files.writeString(folder.resolve("ids.jsonl"), ids + "]}\n");
    }

    @Test
    void aCalibratedMixtureInEveryForm() throws Exception {
        Path html = folder.resolve("r.html");
        Path out = folder.resolve("m.ingot");
        String data = tokens().toString();
        Cli run = Cli.run(
                "convert",
                MIXTURE.toString(),
                "-o",
                out.toString(),
                "--type",
                "int4",
                "--calibration",
                data,
                "--calibration-length",
                "40",
                "--evaluate",
                data,
                "--evaluate-window",
                "50",
                "--html",
                html.toString(),
                "--json");
        JsonNode root = json(run);
        assertEquals(
                List.of(
                        "output",
                        "bytes",
                        "bits_per_weight",
                        "seconds",
                        "peak_rss_bytes",
                        "method",
                        "options",
                        "tensors",
                        "parameters",
                        "types",
                        "worst",
                        "calibration",
                        "experts",
                        "evaluation"),
                keys(root));
        List<JsonNode> int4 = StreamSupport.stream(root.get("tensors").spliterator(), false)
                .filter(t -> t.get("type").stringValue().equals("int4 g32"))
                .toList();
        assertTrue(int4.size() > 20);
        for (JsonNode t : int4) {
            double saturation = t.get("saturation").doubleValue();
            assertTrue(saturation >= 1.0 / 32 && saturation < 0.3, "the extreme of every group: " + saturation);
            assertEquals(List.of("from", "counts", "width"), keys(t.get("code_histogram")));
            assertEquals(16, t.get("code_histogram").get("counts").size());
            assertEquals(List.of("from_log2", "counts", "zeros"), keys(t.get("scale_histogram")));
        }
        assertEquals(root.get("bytes").longValue(), Files.size(out));
        long weights = 0;
        for (JsonNode type : root.get("types")) {
            weights += type.get("weights").longValue();
        }
        assertEquals(root.get("parameters").longValue(), weights);
        worst(root);

        JsonNode calibration = root.get("calibration");
        assertEquals("ids.jsonl", calibration.get("data").stringValue());
        assertEquals(400, calibration.get("tokens").intValue());
        int experts = root.get("experts").size();
        assertTrue(experts >= 8, experts + " experts");
        assertEquals(
                List.of("layer", "expert", "tokens"), keys(root.get("experts").get(0)));
        JsonNode evaluation = root.get("evaluation");
        assertEquals(8 * 24, evaluation.get("tokens").intValue());
        assertTrue(evaluation.get("mean_kld").doubleValue() > 0);
        Cli inspect = Cli.run("inspect", out.toString());
        assertTrue(inspect.out().contains("\nexperts") && inspect.out().contains(experts + " in "), inspect.out());
        assertTrue(inspect.out().contains("ids.jsonl, 400 tokens"), inspect.out());
        assertEquals("activation", root.at("/options/order").stringValue());
        assertTrue(inspect.out().matches("(?s).*\nmethod +gptq, error feedback\n.*"), inspect.out());
        assertTrue(inspect.out().matches("(?s).*\ncolumn order +activation\n.*"), inspect.out());
        assertTrue(inspect.out().matches("(?s).*\ndrift correction +1\n.*"), inspect.out());
        assertTrue(run.err().contains("--evaluate is the one of the calibration"), run.err());

        String text = Files.readString(html);
        Document page = page(text);
        List<String> labels = labels(page);
        for (String plot : List.of(
                "KL divergence against bits per weight",
                "bits per tensor",
                "error per tensor",
                "histogram: code",
                "tokens of each expert")) {
            assertTrue(labels.contains(plot), plot);
        }
        assertTrue(text.contains("this model"), "its own point");
        for (String fact : List.of("gptq, error feedback", "column order", "activation", "drift correction")) {
            assertTrue(page.getDocumentElement().getTextContent().contains(fact), fact);
        }
        assertEquals(experts, text.split("class=\"(?:cell|few)\"", -1).length - 1, "a cell for every expert");
    }

    private static void worst(JsonNode root) {
        for (String error : List.of("nmse", "weighted_error")) {
            List<String> expected = StreamSupport.stream(root.get("tensors").spliterator(), false)
                    .filter(t -> t.path(error).isNumber() && t.get(error).doubleValue() > 0)
                    .sorted(Comparator.comparingDouble(t -> -t.get(error).doubleValue()))
                    .limit(10)
                    .map(t -> t.get("name").stringValue())
                    .toList();
            List<String> told = StreamSupport.stream(
                            root.get("worst").get("by_" + error).spliterator(), false)
                    .map(t -> t.get("name").stringValue())
                    .toList();
            assertEquals(10, told.size());
            assertEquals(expected, told);
        }
    }

    @Test
    void aPlan() throws Exception {
        Path html = folder.resolve("plan.html");
        Cli run = Cli.run(
                "convert",
                MIXTURE.toString(),
                "-o",
                folder.resolve("m.ingot").toString(),
                "--type",
                "auto",
                "--budget",
                "5.5bpw",
                "--calibration",
                tokens().toString(),
                "--calibration-length",
                "40",
                "--dry-run",
                "--html",
                html.toString());
        assertEquals(0, run.code(), run.err());
        run.out().lines().forEach(line -> assertTrue(line.length() <= 100, line));
        String text = Files.readString(html);
        List<String> labels = labels(page(text));
        assertTrue(labels.contains("bits of the plan") && labels.contains("predicted divergence of each matrix"));
        assertFalse(labels.contains("error per tensor"), "nothing was rounded");
        assertTrue(text.contains("this plan, predicted"));
    }

    /** The constants of the plot are those of the document. */
    @Test
    void referencePointsAreThoseOfTheDocument() throws Exception {
        Path html = folder.resolve("r.html");
        Cli run = Cli.run(
                "convert",
                Cli.TINY.toString(),
                "-o",
                folder.resolve("m.ingot").toString(),
                "--type",
                "auto",
                "--budget",
                "6bpw",
                "--calibration",
                tokens().toString(),
                "--dry-run",
                "--html",
                html.toString());
        assertEquals(0, run.code(), run.err());
        String quality = Files.readString(Cli.ROOT.resolve("docs/quality.md"));
        var points = Pattern.compile("<title>([^<:]+): ([0-9.]+) bits per weight, mean KLD ([0-9.e-]+)</title>")
                .matcher(Files.readString(html));
        int checked = 0;
        while (points.find()) {
            if (points.group(1).contains("this")) {
                continue;
            }
            String name = points.group(1).replace("auto ", "--budget ").replace("int8 gptq", "int8 --method gptq");
            String row = quality.lines()
                    .filter(l -> l.startsWith("|") && l.contains(name))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no row for " + name));
            String[] cells = row.split("\\|");
            assertEquals(points.group(2), cells[2].strip(), row);
            double kld = Double.parseDouble(cells[3].strip().split(" ")[0]);
            assertEquals(kld, Double.parseDouble(points.group(3)), 0.005 * kld, "ReferencePoints, " + row);
            checked++;
        }
        assertEquals(10, checked);
    }

    @Test
    void withoutCalibration() throws Exception {
        Path html = folder.resolve("r.html");
        Path out = folder.resolve("m.ingot");
        Cli run = Cli.run(
                "convert", Cli.TINY.toString(), "-o", out.toString(), "--type", "nf4", "--html", html.toString());
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().contains("\nworst: model."), run.out());
        run.out().lines().forEach(line -> assertTrue(line.length() <= 100, line));
        List<String> labels = labels(page(Files.readString(html)));
        assertTrue(labels.contains("histogram: code") && !labels.contains("tokens of each expert"));
    }

    @Test
    void reportsThatCannotBe() {
        String out = folder.resolve("m.ingot").toString();
        Cli nowhere = Cli.run(
                "convert",
                Cli.TINY.toString(),
                "-o",
                out,
                "--html",
                folder.resolve("no/r.html").toString());
        assertEquals(73, nowhere.code(), nowhere.err());
        Cli self = Cli.run("convert", Cli.TINY.toString(), "-o", out, "--html", out);
        assertEquals(64, self.code(), self.err());
        Cli dry = Cli.run("convert", Cli.TINY.toString(), "-o", out, "--dry-run", "--evaluate", out);
        assertEquals(64, dry.code(), dry.err());
        Cli missing = Cli.run(
                "convert",
                Cli.TINY.toString(),
                "-o",
                out,
                "--evaluate",
                folder.resolve("no").toString());
        assertEquals(66, missing.code(), missing.err());
        assertFalse(Files.exists(Path.of(out)), "nothing was converted");
    }

    /** Whatever a name is, it stays text. */
    @Test
    void namesAreText() throws Exception {
        String evil = "</td><script>alert('x')</script>&amp;\"\u0000\u001b[31m\n<!-- \uD83D\uDE00";
        var rounding = new ConvertResult.Rounding(OptionalDouble.of(0.1), OptionalDouble.of(0.2), evil);
        var tensor = new TensorResult(evil, evil, new Shape(7, 31), 4.5, rounding, evil);
        var calibration = new CalibrationResult(Json.object().put("data", evil).put("sha256", evil), 100, List.of());
        var result = new ConvertResult(
                folder.resolve("x.ingot"),
                new ConvertResult.Size(1000, 217, 4.5),
                Json.object().put("method", evil).put("order", evil).put("adapter", evil),
                List.of(tensor),
                Optional.empty(),
                Optional.of(calibration),
                List.of(evil));
        var view = new ConvertView(evil, result, Duration.ZERO, false, Map.of(), Optional.empty());
        Document page = page(ConvertHtml.of(view));
        assertEquals(0, page.getElementsByTagName("script").getLength());
        assertTrue(page.getDocumentElement().getTextContent().contains("<script>alert('x')</script>&amp;"));
        for (String line : ConvertFormat.text(view).split("\n", -1)) {
            assertFalse(line.chars().anyMatch(Character::isISOControl), line);
            assertTrue(line.length() <= 100, line);
        }
    }
}
