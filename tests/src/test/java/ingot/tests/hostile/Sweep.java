package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.formats.tokenizer.TokenizerReader;
import ingot.tests.gguf.GgufWriter;
import ingot.tests.gguf.Tiny;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Every prefix of a small right file, and the file with every single bit of its header wrong: each is accepted or refused as
 * {@link FuzzRun} asks. Run as a program it prints the table of docs/security.md.
 *
 * @param target that reads it
 * @param what the file is
 * @param bytes of the file
 * @param header bytes from the start whose bits are flipped; data has no wrong values, only wrong checksums
 * @param wholePrefixes how many proper prefixes say all that the whole file says: padding or line ends are missing
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Sweep(FuzzTarget target, String what, byte[] bytes, int header, int wholePrefixes) {
    /** What came of the inputs that were tried. */
    record Outcome(int prefixes, int prefixesAccepted, int flips, int flipsAccepted, long mostAllocated) {
        /** A row of the table. */
        String row(Sweep sweep) {
            return String.format(
                    Locale.ROOT,
                    "| %s | %d | %d | %d | %d | %d | %.1f |",
                    sweep.what,
                    sweep.bytes.length,
                    prefixes,
                    prefixesAccepted,
                    flips,
                    flipsAccepted,
                    mostAllocated / 1e6);
        }
    }

    /** A file of each format. */
    static List<Sweep> all(Path root, Path work) throws IOException {
        Path recorded = root.resolve("golden-outputs");
        Path model = IndexCases.write(Files.createDirectory(work.resolve("index")), index -> {});
        Path tokenizer = TokenizerCases.tokenizer(
                Files.createDirectory(work.resolve("tokens")), TokenizerCases.VOCAB, json -> {});
        GgufWriter gguf = Tiny.model();
        byte[] ingot = IngotBytes.tiny("nf4-dq");
        // Of the type that the target puts it into.
        String manifest = IngotBytes.of(IngotBytes.tiny("int4"))
                .metadata()
                .path("ingot.manifest")
                .stringValue();
        byte[] weights = new TinyModel().weightsFile();
        List<Sweep> all = new ArrayList<>();
        all.add(new Sweep(FuzzTarget.SAFETENSORS, "safetensors", weights, 8 + IngotBytes.headerLength(weights), 0));
        all.add(whole(FuzzTarget.TORCH_ZIP, "PyTorch, archive", recorded.resolve("torch/module.bin")));
        all.add(whole(FuzzTarget.TORCH_PICKLE, "PyTorch, its pickle", new TorchModel().pickle()));
        all.add(whole(FuzzTarget.TORCH_LEGACY, "PyTorch before 1.6", recorded.resolve("torch/views-legacy.bin")));
        // The 168 bytes of the last tensor are padded to 192, which need not be there.
        all.add(new Sweep(FuzzTarget.GGUF, "GGUF", gguf.build(), gguf.header().length, 24));
        all.add(new Sweep(FuzzTarget.INGOT, ".ingot", ingot, 8 + IngotBytes.headerLength(ingot), 0));
        all.add(whole(FuzzTarget.INGOT_MANIFEST, ".ingot, its manifest", manifest.getBytes(UTF_8)));
        all.add(whole(
                FuzzTarget.INGOT_TOKENIZER,
                ".ingot, its tokenizer",
                TokenizerReader.read(tokenizer).encode()));
        all.add(whole(FuzzTarget.CONFIG, "config.json", model.resolve("config.json")));
        all.add(whole(FuzzTarget.INDEX, "index JSON", model.resolve("model.safetensors.index.json")));
        all.add(whole(FuzzTarget.TOKENIZER, "tokenizer.json", tokenizer.resolve("tokenizer.json")));
        byte[] config = Files.readAllBytes(recorded.resolve("checkpoints/qwen1-e2e/tokenizer_config.json"));
        // Its last byte is a line end.
        all.add(new Sweep(FuzzTarget.TOKENIZER_CONFIG, "tokenizer_config.json", config, config.length, 1));
        all.add(whole(
                FuzzTarget.TEMPLATE, "chat template", recorded.resolve("tokenizers/chat-templates/qwen2.5.jinja")));
        return all;
    }

    private static Sweep whole(FuzzTarget target, String what, Path file) throws IOException {
        return whole(target, what, Files.readAllBytes(file));
    }

    private static Sweep whole(FuzzTarget target, String what, byte[] bytes) {
        return new Sweep(target, what, bytes, bytes.length, 0);
    }

    /** @param step 1 for every prefix and every bit, n for each n-th */
    Outcome run(Path folder, int step) throws IOException {
        FuzzRun run = new FuzzRun(target, folder);
        if (!run.accepts(bytes)) {
            throw new AssertionError(what + ": the right file is refused");
        }
        int prefixes = 0;
        int prefixesAccepted = 0;
        for (int n = bytes.length - 1; n >= 0; n -= step) {
            prefixes++;
            prefixesAccepted += run.accepts(Arrays.copyOf(bytes, n)) ? 1 : 0;
        }
        int flips = 0;
        int flipsAccepted = 0;
        for (int bit = 0; bit < 8 * header; bit += step) {
            byte[] damaged = bytes.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            flips++;
            flipsAccepted += run.accepts(damaged) ? 1 : 0;
        }
        return new Outcome(prefixes, prefixesAccepted, flips, flipsAccepted, run.mostAllocated());
    }

    public static void main(String[] args) throws IOException {
        Path work = Files.createTempDirectory("ingot-sweep");
        try {
            System.out.println("| file | bytes | prefixes | accepted | bit errors | accepted | MB allocated, most |");
            System.out.println("|---|---|---|---|---|---|---|");
            for (Sweep sweep : all(Path.of(System.getProperty("ingot.root")), work)) {
                System.out.println(sweep.run(work, 1).row(sweep));
            }
        } finally {
            Trees.delete(work);
        }
    }
}
