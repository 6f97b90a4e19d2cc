package ingot.tests.hostile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * Every prefix of a small right file, the file with every single bit of its header wrong, and where it is JSON with every value
 * replaced by those of other kinds: each is accepted or refused as {@link FuzzRun} asks. Run as a program it prints the table
 * of docs/security.md.
 *
 * @param target that reads it
 * @param what the file is
 * @param bytes of the file
 * @param header bytes from the start whose bits are flipped; data has no wrong values, only wrong checksums
 * @param wholePrefixes how many proper prefixes say all that the whole file says: padding or line ends are missing; -1 where
 *     shorter ones say something, too
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Sweep(FuzzTarget target, String what, byte[] bytes, int header, int wholePrefixes) {
    /** How many inputs of a kind were tried, and how many of them accepted. */
    record Tried(int all, int accepted) {
        private String row() {
            return all == 0 ? "| " : all + " | " + accepted;
        }
    }

    /** What came of the inputs that were tried. */
    record Outcome(Tried prefixes, Tried flips, Tried variants, long mostAllocated) {
        /** A row of the table. */
        String row(Sweep sweep) {
            return String.format(
                    Locale.ROOT,
                    "| %s | %d | %s | %s | %s | %.1f |",
                    sweep.what,
                    sweep.bytes.length,
                    prefixes.row(),
                    flips.row(),
                    variants.row(),
                    mostAllocated / 1e6);
        }
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
        return new Outcome(
                new Tried(prefixes, prefixesAccepted),
                new Tried(flips, flipsAccepted),
                variants(run, step),
                run.mostAllocated());
    }

    private Tried variants(FuzzRun run, int step) throws IOException {
        if (target.form() != FuzzTarget.Form.JSON) {
            return new Tried(0, 0);
        }
        JsonVariants variants = new JsonVariants(bytes);
        int accepted = 0;
        int tried = 0;
        for (int i = 0; i < variants.count(); i += step) {
            tried++;
            accepted += run.accepts(variants.get(i)) ? 1 : 0;
        }
        return new Tried(tried, accepted);
    }

    public static void main(String[] args) throws IOException {
        Path work = Files.createTempDirectory("ingot-sweep");
        try {
            System.out.println("| file | bytes | prefixes | accepted | bit errors | accepted | other values | accepted"
                    + " | MB allocated, most |");
            System.out.println("|---|---|---|---|---|---|---|---|---|");
            for (Sweep sweep : SweepFiles.all(Path.of(System.getProperty("ingot.root")), work.resolve("right"))) {
                System.out.println(sweep.run(work, 1).row(sweep));
            }
        } finally {
            Trees.delete(work);
        }
    }
}
