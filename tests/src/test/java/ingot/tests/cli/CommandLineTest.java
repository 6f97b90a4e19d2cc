package ingot.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.cli.Console;
import ingot.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CommandLineTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "demo",
                "convert",
                "verify",
                "run",
                "inspect",
                "bench",
                "perplexity",
                "compare",
                "golden",
                "export",
                "tokenize"
            })
    void everyCommandHasHelpWithExamples(String command) {
        Cli r = Cli.run(command, "--help");
        assertEquals(0, r.code());
        assertEquals("", r.err());
        assertTrue(r.out().contains("\nExamples:\n  ingot " + command), r.out());
        for (String option : List.of("--json", "--threads", "--backend", "--vector-bits", "--debug")) {
            assertTrue(r.out().contains(option), option);
        }
        r.out().lines().forEach(line -> assertTrue(line.length() <= 100, line));
        assertTrue(Cli.run("--help").out().contains("\n  " + command + " "));
    }

    @Test
    void version() {
        assertEquals("ingot 0.1.0\n", Cli.run("--version").out());
        assertEquals("ingot 0.1.0\n", Cli.run("-V").out());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "verfy m|64|unknown command 'verfy'; did you mean 'verify'?",
                "verify m --jsn|64|verify: unknown option '--jsn'; did you mean '--json'?",
                "verify --jsn|64|verify: unknown option '--jsn'; did you mean '--json'?",
                "verify|64|verify: missing MODEL; see 'ingot verify --help'",
                "run m --system|64|run: --system needs a value; see 'ingot run --help'",
                "verify m --backend vektor|64|did you mean 'vector'?",
                "verify m --threads many|64|invalid value 'many' for --threads",
                "verify m --vector-bits 96|64|vector width 96",
                "bench m -o xml|64|one of md, csv, json, jsonl",
                "bench m -r 0|64|0 repetitions",
                "perplexity m -c 2|64|context of 2 tokens",
                "convert m --type int4|64|convert: missing --output; see 'ingot convert --help'",
                "convert m -o x --type bf16 --method gptq|64|bf16 has none",
                "convert m -o x --type f16 --dry-run --calibration y|64|f16 has none",
                "convert m -o x --type int44|64|nf4-dq or, as GGUF calls them, q8_0",
                "convert m -o x --method awq|64|--method 'awq': expected rtn, gptq",
                "convert m -o x --method gtpq|64|did you mean 'gptq'?",
                "export m --to gguf -o x --method imatrx|64|rtn, gptq, imatrix; did you mean 'imatrix'?",
                "convert m -o x --method imatrix|64|is for 'ingot export --to gguf'",
                "export m --to hf -o x --calibration y|64|apply to --to gguf",
                "export m --to gguf -o x --method rtn --calibration y|64|gptq and imatrix",
                "export m --to hf -o x --drift 0.5|64|apply to --to gguf",
                "export m --to hf -o x --order NATURAL|64|apply to --to gguf",
                "convert m -o x --method rtn --drift 7|64|--drift is for --method gptq",
                "convert m -o x --order NATURAL|64|--order is for --method gptq",
                "convert m -o x --method gptq --drift 7|64|--drift 7.0: expected 0 to 1",
                "convert m -o x --method gptq --calibration-tokens 0|64|--calibration-tokens 0: expected at least 512",
                "convert m -o x --method gptq --calibration-length 1|64|--calibration-length 1: expected 2 to 8192",
                "convert m -o x --evaluate y --evaluate-window 3|64|--evaluate-window 3: expected 4 to 8192",
                "convert m -o x --evaluate y --evaluate-tokens 3|64|--evaluate-tokens 3: expected at least 512",
                "convert m -o x --transform awk|64|--transform 'awk' is unknown",
                "convert m -o x --group 31|64|--group '31': expected 32",
                "verify m --threads -1|64|--threads -1: expected at least 1",
                "convert m -o x --calibration-tokens 512|64|rtn looks at the weights alone",
                "convert m -o x --calibration-length 64|64|rtn looks at the weights alone",
                "convert m -o x --calibration-seed 1|64|rtn looks at the weights alone",
                "convert m -o x --evaluate-tokens 512|64|are for --evaluate",
                "convert m -o x --evaluate-window 64|64|are for --evaluate",
                "convert m -o x --type auto|64|needs --budget",
                "convert m -o x --budget 4GB|64|--budget is for --type auto",
                "convert m -o x --type auto --budget 4|64|expected bits per weight or a size",
                "convert m -o x --type auto --budget 4bpw --group 64|64|chooses the groups too",
                "convert m -o x --type int7|64|--type 'int7' is unknown",
                "convert m -o x --type q4_k|64|export SRC --to gguf --type q4_k -o",
                "convert m -o x --type Q4_K_M|64|export SRC --to gguf --type q4_k -o",
                "convert m -o x --type itn4|64|did you mean 'int4'?",
                "convert m -o x --keep q=int44|64|--keep 'q=int44': type 'int44' is unknown",
                "convert m -o x --keep q|64|expected REGEX=TYPE",
                "tokenize m|64|nothing to do",
                "verify nowhere|66|nowhere: no such file or folder",
                "inspect nowhere|66|nowhere: no such file or folder",
                "run nowhere -p x|66|nowhere: no such file or folder",
            })
    void wrongCommandLinesGetOneLine(String words, int code, String message) {
        Cli r = Cli.run(words.split(" "));
        assertEquals(code, r.code(), r.err());
        assertEquals(1, r.err().lines().count(), r.err());
        assertTrue(r.err().startsWith("ingot: "), r.err());
        assertTrue(r.err().contains(message), r.err());
        assertEquals("", r.out());
    }

    @Test
    void noCommandShowsHelpAndIsAnError() {
        Cli r = Cli.run();
        assertEquals(64, r.code());
        assertEquals("", r.out());
        assertTrue(r.err().contains("Commands:"));
    }

    @Test
    void badDataIs65WithoutStackTrace() throws IOException {
        Path file = Files.writeString(folder.resolve("x.safetensors"), "not a safetensors file");
        Cli r = Cli.run("inspect", file.toString());
        assertEquals(65, r.code());
        assertEquals(1, r.err().lines().count(), r.err());
        assertTrue(r.err().startsWith("ingot: " + file + ": "), r.err());
        Cli debug = Cli.run("inspect", file.toString(), "--debug");
        assertEquals(65, debug.code());
        assertTrue(debug.err().contains("\tat ingot."), "a stack trace when asked for");
    }

    @Test
    void outputIntoAMissingFolderIs73() {
        Path missing = folder.resolve("no/such/report.html");
        Cli r = Cli.run("verify", Cli.TINY.toString(), "--html", missing.toString());
        assertEquals(73, r.code(), r.err());
    }

    /** Neither a file of the model, nor the texts. */
    @Test
    void aReportReplacesNothingThatIsRead() throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "read");
        Path model = Files.createDirectory(folder.resolve("model"));
        Path config = Files.writeString(model.resolve("config.json"), "{}");
        String out = folder.resolve("x.ingot").toString();
        for (List<String> words : List.of(
                List.of("--calibration", text.toString(), "--html", text.toString()),
                List.of("--evaluate", text.toString(), "--html", text.toString()),
                List.of("--golden", text.toString(), "--html", text.toString()),
                List.of("--html", config.toString()))) {
            List<String> all = new ArrayList<>(List.of("convert", model.toString(), "-o", out));
            all.addAll(words);
            Cli r = Cli.run(all.toArray(String[]::new));
            assertEquals(64, r.code(), r.err());
            assertTrue(r.err().contains("which is read; name another file"), r.err());
        }
        assertEquals("read", Files.readString(text));
        assertEquals("{}", Files.readString(config));
    }

    @Test
    void namesFromOutsideCannotMoveTheCursor() {
        Cli method = Cli.run("convert", "m", "-o", "x", "--method", "\u001b[2Jgptq");
        assertEquals(64, method.code());
        assertFalse(method.err().contains("\u001b"), method.err());
        Cli r = Cli.run("inspect", "no\u001b[2Jwhere");
        assertEquals(66, r.code());
        assertFalse(r.err().contains("\u001b"), r.err());
    }

    @Test
    void brokenPipeEndsQuietlyAndAFullDiskDoesNot() {
        assertEquals(0, failing("Broken pipe").code());
        Cli full = failing("No space left on device");
        assertEquals(74, full.code());
        assertTrue(full.err().contains("standard output: cannot be written: No space left on device"), full.err());
    }

    private static Cli failing(String reason) {
        var err = new ByteArrayOutputStream();
        var out = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException(reason);
            }
        };
        String[] args = {"inspect", Cli.TINY.toString(), "--json"};
        int code = Main.run(args, Console.of(InputStream.nullInputStream(), out, err, false));
        return new Cli(code, "", err.toString(java.nio.charset.StandardCharsets.UTF_8));
    }
}
