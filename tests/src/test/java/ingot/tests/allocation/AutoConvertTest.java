package ingot.tests.allocation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.cli.Console;
import ingot.cli.Main;
import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertResult;
import ingot.quant.Converter;
import ingot.quant.allocation.Allocation;
import ingot.quant.allocation.Budget;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.Rounding;
import ingot.quant.gptq.Order;
import ingot.runtime.Model;
import ingot.runtime.Session;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AutoConvertTest {
    private static final Path GOLDEN = Path.of(System.getProperty("ingot.root"), "golden-outputs");
    private static final Path TRAINED = GOLDEN.resolve("models/qwen3-6m-gutenberg");
    private static final Path SMALL = GOLDEN.resolve("checkpoints/qwen3-tied-bf16");
    private static final Path EXPERTS = GOLDEN.resolve("checkpoints/qwen3_moe-a");
    private static final int[] TOKENS = new int[33];

    static {
        for (int i = 0; i < TOKENS.length; i++) {
            TOKENS[i] = (i * 37 + 5) % 100;
        }
    }

    @TempDir
    Path temp;

    /** One sequence, so that what is measured on it can be measured again. */
    private Path ids = Path.of("");

    @BeforeEach
    void writeTokens() throws IOException {
        ids = temp.resolve("ids.jsonl");
        Files.writeString(ids, "{\"ids\": " + Arrays.toString(TOKENS) + "}\n");
    }

    private CalibrationOptions calibration() {
        return new CalibrationOptions(Optional.of(ids), TOKENS.length, TOKENS.length, 0);
    }

    private ConvertOptions rtn(String budget) {
        return ConvertOptions.of(ConvertOptions.layout("iq4"))
                .withAuto(new ConvertOptions.Auto(Budget.parse(budget), calibration()))
                .withOverwrite(true)
                .withThreads(2);
    }

    private ConvertOptions gptq(String budget, boolean resume) {
        return rtn(budget)
                .withMethod(new ConvertOptions.Method.Gptq(
                        calibration(), Rounding.Feedback.in(Order.Kind.ACTIVATION), resume));
    }

    private long left() {
        try (var files = Files.list(temp)) {
            return files.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<float[]> logits(Path model) {
        List<float[]> logits = new ArrayList<>();
        try (Model opened = Model.open(model);
                Session session = opened.newSession()) {
            session.forward(TOKENS, (position, row) -> logits.add(row.clone()));
        }
        return logits;
    }

    private static double logSum(float[] row) {
        double top = Double.NEGATIVE_INFINITY;
        for (float x : row) {
            top = Math.max(top, x);
        }
        double sum = 0;
        for (float x : row) {
            sum += Math.exp(x - top);
        }
        return top + Math.log(sum);
    }

    private static double divergence(List<float[]> reference, List<float[]> other) {
        double total = 0;
        for (int t = 0; t < reference.size(); t++) {
            float[] p = reference.get(t);
            float[] q = other.get(t);
            double logP = logSum(p);
            double logQ = logSum(q);
            for (int i = 0; i < p.length; i++) {
                total += Math.exp(p[i] - logP) * (p[i] - logP - q[i] + logQ);
            }
        }
        return total / reference.size();
    }

    /** What a plan predicts for one matrix is the divergence that a file with that matrix rounded really has. */
    @Test
    void aPredictionIsTheDivergenceOfTheFile() {
        for (String tensor :
                List.of("model.layers.0.self_attn.k_proj", "model.layers.1.mlp.down_proj", "model.embed_tokens")) {
            Path source = temp.resolve("source.ingot");
            Path rounded = temp.resolve("rounded.ingot");
            List<ConvertOptions.Keep> others =
                    List.of(ConvertOptions.Keep.parse("^(?!" + tensor.replace(".", "\\.") + ")=f32"));
            ConvertOptions plain =
                    ConvertOptions.of(ConvertOptions.layout("f32")).withOverwrite(true);
            new Converter(plain).convert(TRAINED, source, Progress.none());
            ConvertOptions one = ConvertOptions.of(ConvertOptions.layout("iq4:64"))
                    .withKeep(List.of(others.getFirst(), ConvertOptions.Keep.parse("embed=iq4:64")))
                    .withOverwrite(true);
            ConvertResult result = new Converter(one).convert(TRAINED, rounded, Progress.none());
            double expected = divergence(logits(source), logits(rounded));
            String budget = String.format(Locale.ROOT, "%.6fbpw", result.bitsPerWeight() + 1e-6);
            Allocation plan = new Converter(rtn(budget).withKeep(others))
                    .plan(TRAINED, temp.resolve("plan.ingot"))
                    .allocation()
                    .orElseThrow();
            assertEquals(1, plan.choices().size());
            assertEquals("iq4 g64", plan.choices().getFirst().layout().describe());
            // Lookup and head are measured apart, and their errors hardly correlate.
            double tolerance = tensor.contains("embed") ? 0.2 : 0.01;
            assertEquals(expected, plan.damage(), tolerance * expected, tensor);
        }
    }

    @Test
    void meetsBudgetsAndTheBytesDoNotDependOnThreads() throws IOException {
        for (String budget : List.of("4.63bpw", "5.5bpw")) {
            Path out = temp.resolve("auto.ingot");
            ConvertResult result = new Converter(gptq(budget, false)).convert(SMALL, out, Progress.none());
            double asked = Double.parseDouble(budget.replace("bpw", ""));
            assertTrue(result.bitsPerWeight() <= asked, result.bitsPerWeight() + "");
            assertTrue(result.bitsPerWeight() >= 0.99 * asked, result.bitsPerWeight() + "");
            Path again = temp.resolve("again.ingot");
            new Converter(gptq(budget, false).withThreads(1)).convert(SMALL, again, Progress.none());
            assertEquals(-1, Files.mismatch(out, again));
            assertFalse(Files.exists(temp.resolve("auto.ingot.work")));
        }
    }

    @Test
    void aSizeInBytesIsThatOfTheWeights() {
        Path out = temp.resolve("auto.ingot");
        ConvertResult result = new Converter(rtn("0.11MB")).plan(SMALL, out);
        double bytes = result.bitsPerWeight() * result.parameters() / 8;
        assertTrue(bytes <= 110_000 && bytes >= 108_900, bytes + "");
        assertEquals(bytes, result.allocation().orElseThrow().bytes(), 0.5);
        assertFalse(Files.exists(out));
        assertEquals(1, left(), "only the tokens are left");
    }

    @Test
    void rulesWinAndMoreBitsCostLessDamage() {
        Path out = temp.resolve("auto.ingot");
        ConvertOptions.Keep rule = ConvertOptions.Keep.parse("layers.0.mlp=int8");
        double before = Double.POSITIVE_INFINITY;
        for (String budget : List.of("4.5bpw", "5bpw", "6bpw")) {
            ConvertResult plan = new Converter(rtn(budget).withKeep(List.of(rule))).plan(SMALL, out);
            plan.tensors().stream()
                    .filter(t -> t.name().contains("layers.0.mlp"))
                    .forEach(t -> assertEquals("int8 g32", t.type()));
            double damage = plan.allocation().orElseThrow().damage();
            assertTrue(damage < before);
            before = damage;
        }
    }

    @Test
    void aBudgetOutOfRangeNamesTheRange() {
        for (String budget : List.of("2bpw", "20bpw", "1GB")) {
            var e = assertThrows(
                    IngotException.Usage.class,
                    () -> new Converter(gptq(budget, false)).convert(SMALL, temp.resolve("no.ingot"), Progress.none()));
            String range = ".*too (small|large): .* take 3\\.[0-9]+bpw \\([0-9.]+MB\\) to .*";
            assertTrue(e.getMessage().matches(range), e.getMessage());
            assertEquals(1, left(), "only the tokens are left");
        }
    }

    @Test
    void expertsOfALayerShareATypePerProjection() {
        ConvertResult result = new Converter(rtn("5bpw")).plan(EXPERTS, temp.resolve("moe.ingot"));
        Set<String> types = new HashSet<>();
        result.tensors().stream()
                .filter(t -> t.name().matches(".*layers\\.1\\..*experts\\.[0-9]+\\.down_proj.*"))
                .forEach(t -> types.add(t.type()));
        assertEquals(1, types.size());
        assertTrue(result.allocation().orElseThrow().choices().stream()
                .anyMatch(c -> c.group().name().contains("experts.*.down_proj")
                        && c.group().tensors().size() > 1));
        assertTrue(result.bitsPerWeight() <= 5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen1-safetensors", "qwen2-swa-yarn", "qwen2_moe-a", "qwen3_5_moe-a", "qwen3_next-a"})
    void everyFamilyCanBePlanned(String name) {
        Path source = GOLDEN.resolve("checkpoints").resolve(name);
        ConvertResult result = new Converter(rtn("6bpw")).plan(source, temp.resolve("no.ingot"));
        assertTrue(result.bitsPerWeight() <= 6 && result.bitsPerWeight() > 5.9, result.bitsPerWeight() + "");
        result.allocation()
                .orElseThrow()
                .choices()
                .forEach(c ->
                        assertTrue(c.damage() > 0 && c.damage() < 1, c.group().name() + " " + c.damage()));
    }

    @Test
    void theCommandLinePrintsThePlan() {
        String[] command = {
            "convert",
            SMALL.toString(),
            "-o",
            temp.resolve("no.ingot").toString(),
            "--type",
            "auto",
            "--budget",
            "5.1bpw",
            "--method",
            "rtn",
            "--calibration",
            ids.toString(),
            "--calibration-length",
            "33",
            "--calibration-tokens",
            "33",
            "--dry-run"
        };
        var out = new ByteArrayOutputStream();
        Console console = Console.of(InputStream.nullInputStream(), out, OutputStream.nullOutputStream(), false);
        assertEquals(0, Main.run(command, console));
        String text = out.toString(StandardCharsets.UTF_8);
        assertTrue(text.contains("predicted KLD"), text);
        assertTrue(text.contains("plan for 5.1bpw: 5.0") || text.contains("plan for 5.1bpw: 5.1"), text);
        assertTrue(text.contains("would write"), text);
    }

    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void aResumedConversionTakesUpItsPlan() throws IOException {
        Path whole = temp.resolve("whole.ingot");
        new Converter(gptq("4.7bpw", false)).convert(SMALL, whole, Progress.none());
        Path cut = temp.resolve("cut.ingot");
        Progress killer = (phase, done, total, unit) -> {
            if (phase.startsWith("calibration, layer 2/")) {
                throw new Killed();
            }
        };
        assertThrows(Killed.class, () -> new Converter(gptq("4.7bpw", false)).convert(SMALL, cut, killer));
        Set<String> phases = new HashSet<>();
        new Converter(gptq("4.7bpw", true)).convert(SMALL, cut, (phase, done, total, unit) -> phases.add(phase));
        assertFalse(phases.stream().anyMatch(p -> p.startsWith("sensitivity")), "the plan is kept");
        assertFalse(phases.contains("calibration, layer 1/3"), "so is the first layer");
        assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(cut));
    }
}
