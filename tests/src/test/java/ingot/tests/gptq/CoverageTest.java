package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.cli.render.ConvertHtml;
import ingot.cli.render.ConvertJson;
import ingot.cli.render.ConvertView;
import ingot.formats.Progress;
import ingot.formats.ingot.IngotFile;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.quant.CalibrationResult;
import ingot.quant.CodeStatistics;
import ingot.quant.ConvertResult;
import ingot.quant.Converter;
import ingot.quant.calibration.LayerExperts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What is recorded of the tokens that experts saw. */
final class CoverageTest {
    @TempDir
    Path temp;

    /** Stands for the end of the process. */
    private static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static int expertsPerToken(Path checkpoint) {
        ObjectNode config = Json.readObject(checkpoint.resolve("config.json"), JsonBound.INPUT);
        JsonNode text = config.path("text_config").isObject() ? config.get("text_config") : config;
        return text.get("num_experts_per_tok").intValue();
    }

    /** Every token goes to as many experts as the configuration says; the file tells the same. */
    @ParameterizedTest
    @ValueSource(strings = {"qwen2_moe-a", "qwen3_moe-a", "qwen3_next-a", "qwen3_5_moe-a"})
    void everyTokenIsCounted(String name) throws IOException {
        Path source = Checkpoints.folder(name);
        Path data = Checkpoints.tokens(name, temp.resolve("t.jsonl"));
        Path out = temp.resolve("o.ingot");
        ConvertResult result = Checkpoints.convert(source, out, Checkpoints.gptq("int6", data, false));
        CalibrationResult calibration = result.calibration().orElseThrow();
        assertTrue(calibration.tokens() > 200 && !calibration.experts().isEmpty());
        for (LayerExperts layer : calibration.experts()) {
            assertEquals(
                    (long) calibration.tokens() * expertsPerToken(source),
                    layer.tokens().stream().mapToLong(n -> n).sum(),
                    "layer " + layer.layer());
        }
        // What was too little says so by tensor; those are the experts below the threshold, three matrices each.
        long few = calibration.experts().stream()
                .flatMap(l -> l.tokens().stream())
                .filter(n -> n < calibration.leastTokens())
                .count();
        assertEquals(
                3 * few,
                result.tensors().stream()
                        .filter(t -> t.rounding().remark().contains("its expert saw"))
                        .count());
        try (IngotFile file = IngotFile.open(out)) {
            JsonNode told = file.manifest().options().get("calibration").get("experts");
            assertEquals(calibration.experts().size(), told.size());
            for (int i = 0; i < told.size(); i++) {
                LayerExperts layer = calibration.experts().get(i);
                assertEquals(layer.layer(), told.get(i).get("layer").intValue());
                assertEquals(
                        layer.tokens(),
                        told.get(i)
                                .get("tokens")
                                .valueStream()
                                .map(JsonNode::intValue)
                                .toList());
            }
        }
    }

    /** With one token the router's choice shows: as many experts saw it as the configuration says, all others nothing. */
    @Test
    void oneToken() throws IOException {
        Path source = Checkpoints.folder("qwen3_moe-a");
        Path data = Files.writeString(temp.resolve("one.jsonl"), Checkpoints.line(5));
        ConvertResult result =
                Checkpoints.convert(source, temp.resolve("o.ingot"), Checkpoints.gptq("int8", data, false));
        for (LayerExperts layer : result.calibration().orElseThrow().experts()) {
            assertEquals(
                    expertsPerToken(source),
                    layer.tokens().stream().filter(n -> n == 1).count());
            assertTrue(layer.tokens().stream().allMatch(n -> n <= 1));
        }
    }

    @Test
    void theSameReportAfterAnInterruption() throws IOException {
        Path source = Checkpoints.folder("qwen3_moe-a");
        Path data = Checkpoints.tokens("qwen3_moe-a", temp.resolve("t.jsonl"));
        Path out = temp.resolve("o.ingot");
        int[] calls = {0};
        ConvertResult whole = new Converter(Checkpoints.gptq("int4", data, false))
                .convert(source, out, (phase, done, total, unit) -> calls[0]++);
        List<String> expected = report(source, whole);
        for (int stop : new int[] {calls[0] / 3, calls[0] / 2, calls[0] - 2}) {
            Files.delete(out);
            int[] left = {stop};
            Progress progress = (phase, done, total, unit) -> {
                if (left[0]-- == 0) {
                    throw new Stopped();
                }
            };
            assertThrows(
                    Stopped.class,
                    () -> new Converter(Checkpoints.gptq("int4", data, false)).convert(source, out, progress));
            ConvertResult resumed = Checkpoints.convert(source, out, Checkpoints.gptq("int4", data, true));
            assertEquals(expected, report(source, resumed));
        }
    }

    private static List<String> report(Path source, ConvertResult result) {
        ConvertView view = new ConvertView(
                source.toString(),
                result,
                Duration.ofSeconds(3),
                false,
                CodeStatistics.read(result.output(), 2, Progress.none()),
                Optional.empty());
        ObjectNode json = ConvertJson.of(view);
        json.remove("peak_rss_bytes");
        String html = ConvertHtml.of(view);
        assertTrue(html.contains("peak memory"));
        return List.of(Json.pretty(json), html.replaceFirst("<b>[^<]*</b><span>peak memory", ""));
    }
}
