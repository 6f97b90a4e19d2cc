package ingot.tests.cli;

import static ingot.tests.cli.Cli.keys;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import tools.jackson.databind.JsonNode;

/** What the commands print and write, on a tiny checkpoint of the reference implementation. */
final class ResultsTest {
    @TempDir
    Path folder;

    private final String tiny = Cli.TINY.toString();

    @Test
    void verifyInEveryForm() throws Exception {
        Path junit = folder.resolve("r.xml");
        Path markdown = folder.resolve("r.md");
        Path html = folder.resolve("r.html");
        Cli r = Cli.run(
                "verify",
                tiny,
                "--json",
                "--junit",
                junit.toString(),
                "--markdown",
                markdown.toString(),
                "--html",
                html.toString());
        assertEquals(0, r.code(), r.err());
        JsonNode root = r.json();
        assertEquals(
                List.of(
                        "pass",
                        "model",
                        "golden",
                        "type",
                        "kv_cache",
                        "bits_per_weight",
                        "thresholds",
                        "overall",
                        "prompts",
                        "layers"),
                keys(root));
        assertTrue(root.get("pass").booleanValue());
        assertEquals(List.of("nmse", "max_abs", "mean_kld", "p99_kld", "max_kld", "top1"), keys(root.get("overall")));
        assertEquals(
                List.of(
                        "index",
                        "tokens",
                        "nmse",
                        "max_abs",
                        "mean_kld",
                        "max_kld",
                        "top1",
                        "greedy_matched",
                        "greedy_total"),
                keys(root.get("prompts").get(0)));
        assertEquals(List.of("name", "nmse"), keys(root.get("layers").get(0)));
        assertTrue(root.get("overall").get("nmse").doubleValue() <= 1e-9);

        Document suite = Documents.xml(Files.readString(junit));
        assertEquals("0", suite.getDocumentElement().getAttribute("failures"));
        int cases = suite.getElementsByTagName("testcase").getLength();
        assertEquals(Integer.toString(cases), suite.getDocumentElement().getAttribute("tests"));
        assertTrue(cases >= 4, "at least the NMSE of every prompt");

        assertTrue(Files.readString(markdown).contains("| prompt | tokens | NMSE |"));
        String page = Files.readString(html);
        Documents.page(page);
        for (String plot : List.of(
                "error per layer",
                "model logits over golden logits",
                "KL divergence over positions",
                "bits per tensor")) {
            assertTrue(page.contains("aria-label=\"" + plot + "\""), plot);
        }
    }

    @Test
    void verifyOutsideToleranceExitsWith1AndSaysWhat() throws Exception {
        Path junit = folder.resolve("r.xml");
        Cli r = Cli.run("verify", tiny, "--max-nmse", "1e-30", "--junit", junit.toString());
        assertEquals(1, r.code(), r.err());
        assertTrue(r.out().endsWith("FAIL\n"), r.out());
        assertTrue(r.out().contains("expected at most 1.000e-30"), r.out());
        r.out().lines().forEach(line -> assertTrue(line.length() <= 100, line));
        Document suite = Documents.xml(Files.readString(junit));
        var failures = suite.getElementsByTagName("failure");
        assertEquals(suite.getDocumentElement().getAttribute("failures"), Integer.toString(failures.getLength()));
        assertTrue(((Element) failures.item(0)).getAttribute("message").contains("NMSE"));
    }

    @Test
    void inspectKeys() {
        JsonNode root = Cli.run("inspect", tiny, "--json").json();
        assertEquals("huggingface", root.get("format").stringValue());
        assertEquals("Qwen2ForCausalLM", root.get("architecture").stringValue());
        assertEquals(174912, root.get("parameters").longValue());
        assertEquals(16, root.get("bits_per_weight").doubleValue(), 0);
        assertEquals(
                List.of("name", "dtype", "shape", "bytes", "file", "offset"),
                keys(root.get("tensors").get(0)));
        JsonNode golden =
                Cli.run("inspect", tiny + "/golden.safetensors", "--json").json();
        assertEquals("golden", golden.get("format").stringValue());
        assertEquals(4, golden.get("prompts").size());
    }

    @Test
    void inspectListsWhatConvertRefuses() throws IOException {
        Path copy = Files.createDirectories(folder.resolve("vl"));
        Files.copy(Path.of(tiny, "model.safetensors"), copy.resolve("model.safetensors"));
        String config = Files.readString(Path.of(tiny, "config.json"));
        Files.writeString(
                copy.resolve("config.json"),
                config.replace("\"qwen2\"", "\"qwen2_5_vl\"")
                        .replace("Qwen2ForCausalLM", "Qwen2_5_VLForConditionalGeneration"));
        String refusal = "model_type 'qwen2_5_vl' is not supported (vision";
        Cli convert = Cli.run(
                "convert", copy.toString(), "-o", folder.resolve("vl.ingot").toString());
        assertEquals(78, convert.code(), convert.err());
        assertTrue(convert.err().contains(refusal), convert.err());
        JsonNode root = Cli.run("inspect", copy.toString(), "--json").json();
        assertEquals(
                "Qwen2_5_VLForConditionalGeneration", root.get("architecture").stringValue());
        assertEquals(1, root.get("warnings").size());
        assertTrue(root.get("warnings").get(0).stringValue().contains(refusal));
        assertTrue(root.get("tensors").size() > 10);
        assertTrue(Cli.run("inspect", copy.toString()).out().contains(refusal));
        assertEquals(
                0, Cli.run("inspect", tiny, "--json").json().get("warnings").size());
    }

    @Test
    void convertVerifyInspectCompareAndGolden() throws IOException {
        String file = folder.resolve("m.ingot").toString();
        JsonNode convert = Cli.run(
                        "convert",
                        tiny,
                        "-o",
                        file,
                        "--type",
                        "f32",
                        "--golden",
                        tiny + "/golden.safetensors",
                        "--json")
                .json();
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
                        "worst"),
                keys(convert));
        assertEquals(Files.size(Path.of(file)), convert.get("bytes").longValue());
        assertEquals(
                List.of("name", "type", "bits_per_weight", "nmse"),
                keys(convert.get("tensors").get(0)).subList(0, 4));
        assertEquals("rtn", convert.get("method").stringValue());

        Cli again = Cli.run("convert", tiny, "-o", file);
        assertEquals(73, again.code(), "an existing output needs --force: " + again.err());

        Cli verify = Cli.run("verify", file, "--json");
        assertEquals(0, verify.code(), verify.err());
        assertEquals("embedded", verify.json().get("golden").stringValue());

        JsonNode inspect = Cli.run("inspect", file, "--json", "--verify").json();
        assertEquals("ingot", inspect.get("format").stringValue());
        assertEquals("verified", inspect.get("checksums").stringValue());

        JsonNode compare = Cli.run("compare", tiny, file, "--json").json();
        assertTrue(compare.get("equal").booleanValue(), "bf16 widens exactly");

        Path prompts = Files.writeString(folder.resolve("p.jsonl"), "{\"ids\":[5,6,7]}\n{\"text\":\"the sea\"}\n");
        String golden = folder.resolve("g.safetensors").toString();
        Cli record = Cli.run("golden", tiny, "-o", golden, "--prompts", prompts.toString(), "--greedy", "3");
        assertEquals(0, record.code(), record.err());
        Cli check = Cli.run("verify", tiny, "--golden", golden, "--backend", "scalar", "--json");
        assertEquals(0, check.code(), check.err());
        assertEquals(0, check.json().get("overall").get("nmse").doubleValue(), 0, "the same kernels, the same numbers");
        assertEquals(6, check.json().get("prompts").get(1).get("greedy_total").intValue());
    }

    @Test
    void benchKeys() {
        JsonNode list = Cli.run("bench", tiny, "-p", "7", "-n", "3", "-r", "2", "-o", "json")
                .json();
        assertEquals(2, list.size());
        assertEquals("pp7", list.get(0).get("test").stringValue());
        assertEquals("tg3", list.get(1).get("test").stringValue());
        assertEquals(
                List.of(
                        "test",
                        "n_prompt",
                        "n_gen",
                        "n_depth",
                        "avg_ts",
                        "stddev_ts",
                        "samples_ts",
                        "threads",
                        "kv_cache",
                        "model",
                        "type",
                        "backend",
                        "n_sequences"),
                keys(list.get(0)));
        assertEquals(2, list.get(0).get("samples_ts").size());
        Cli csv = Cli.run("bench", tiny, "-p", "7", "-n", "0", "-r", "1", "-o", "csv");
        assertEquals(2, csv.out().lines().count(), csv.out());
        List<String> columns =
                csv.out().lines().map(line -> line.split(",", -1)[7]).toList();
        // Whoever counts columns finds the old ones where they were.
        assertEquals(List.of("kv_cache", "f32"), columns);
    }

    @Test
    void benchAtDepthOnEveryCache() {
        for (String type : List.of("f32", "f16", "int8")) {
            Cli r = Cli.run(
                    "bench", tiny, "-p", "5", "-n", "2", "-r", "1", "-d", "0,33", "--kv-cache", type, "-o", "json");
            JsonNode list = r.json();
            List<String> tests = new ArrayList<>();
            list.forEach(node -> {
                tests.add(node.get("test").stringValue() + " " + node.get("n_depth"));
                assertEquals(type, node.get("kv_cache").stringValue());
            });
            assertEquals(List.of("pp5 0", "tg2 0", "pp5@d33 33", "tg2@d33 33"), tests);
        }
    }

    /** A cache in fewer bits is held to the bars of so many bits, and the report says which it was. */
    @Test
    void verifySaysTheCache() {
        for (String type : List.of("f32", "f16", "int8")) {
            JsonNode root =
                    Cli.run("verify", tiny, "--kv-cache", type, "--json").json();
            assertEquals(type, root.get("kv_cache").stringValue());
            double bar = root.get("thresholds").get("max_nmse").doubleValue();
            assertEquals(type.equals("f32") ? 1e-9 : type.equals("f16") ? 1e-4 : 0.01, bar, 0);
            double nmse = root.get("overall").get("nmse").doubleValue();
            assertEquals(type.equals("f32"), nmse < 1e-11, type + ": NMSE " + nmse);
        }
    }

    @Test
    void perplexityKeys() throws IOException {
        Path text = Files.writeString(folder.resolve("t.txt"), "the quick brown fox jumps over the dog. ".repeat(9));
        Cli r = Cli.run("perplexity", tiny, "-f", text.toString(), "-c", "33", "--against", tiny, "--json");
        assertEquals(0, r.code(), r.err());
        JsonNode root = r.json();
        for (String key : List.of(
                "perplexity",
                "perplexity_stderr",
                "nll",
                "tokens",
                "chunks",
                "context",
                "mean_kld",
                "mean_kld_stderr",
                "median_kld",
                "p99_kld",
                "p999_kld",
                "max_kld",
                "same_top1",
                "rms_dp")) {
            assertTrue(root.has(key), key);
        }
        assertEquals(0, root.get("max_kld").doubleValue(), 1e-12);
        assertEquals(1, root.get("same_top1").doubleValue(), 0);
    }

    @Test
    void tokenizeBothWays() {
        Cli ids = Cli.fed("{\"text\":\"the sea\"}\n\n{\"text\":\"\"}\n", "tokenize", tiny, "--jsonl");
        assertEquals(0, ids.code(), ids.err());
        assertEquals(2, ids.out().lines().count());
        Cli back = Cli.fed(ids.out(), "tokenize", tiny, "--decode");
        assertEquals("{\"text\":\"the sea\"}\n{\"text\":\"\"}\n", back.out());
        Cli bad = Cli.fed("{\"text\":\"x\"}\n{\"txt\":1}\n", "tokenize", tiny, "--jsonl");
        assertEquals(65, bad.code());
        assertTrue(bad.err().contains("standard input, line 2: expected a string 'text'"), bad.err());
    }

    @Test
    void runIsRepeatable() {
        String[] args = {"run", tiny, "-p", "the sea", "--max-tokens", "7", "--temperature", "0", "--json"};
        JsonNode first = Cli.run(args).json();
        assertEquals(7, first.get("ids").size());
        assertEquals(first.get("ids"), Cli.run(args).json().get("ids"));
        assertEquals("max_tokens", first.get("stop_reason").stringValue());
    }
}
