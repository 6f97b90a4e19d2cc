package ingot.cli;

import ingot.cli.render.ProgressDisplay;
import ingot.runtime.ModelOptions;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import picocli.CommandLine.Option;

/** Options that every command has. */
final class CommonOptions {
    @Option(order = 901, names = "--json", description = "Print the result as JSON.")
    boolean json;

    @Option(
            order = 902,
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads to compute with (default: one per core). Results do not depend on it.")
    int threads;

    @Option(
            order = 903,
            names = "--backend",
            paramLabel = "NAME",
            converter = BackendName.class,
            completionCandidates = BackendName.class,
            description = "Kernels: ${COMPLETION-CANDIDATES} (default: auto, the fastest that is exact). native-int8"
                    + " rounds activations to 8 bits: prompts are read faster, logits less exact.")
    Backend backend = Backend.AUTO;

    @Option(
            order = 904,
            names = "--vector-bits",
            paramLabel = "N",
            description =
                    "Vector width: 128, 256 or 512 (default: the widest that is fast here). With native kernels, of"
                            + " what they leave to vectors.")
    int vectorBits;

    @Option(
            order = 904,
            names = "--no-mmap",
            description = "Run an .ingot file from a copy in memory instead of mapping it: the file may then change."
                    + " Of no effect on conversions.")
    boolean copied;

    @Option(
            order = 905,
            names = {"-q", "--quiet"},
            description = "No progress on standard error.")
    boolean quiet;

    @Option(order = 906, names = "--debug", description = "Print the stack trace of an error.")
    boolean debug;

    @Option(
            order = 907,
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    ModelOptions modelOptions() {
        return ModelOptions.defaults()
                .withBackend(backend)
                .withVectorBits(vectorBits)
                .withThreads(threads)
                .withLoading(copied ? ModelOptions.Loading.COPIED : ModelOptions.Loading.MAPPED);
    }

    /** The same, and one line on standard error where the fastest kernels are there and not allowed. */
    ModelOptions modelOptions(Console console) {
        if (backend == Backend.AUTO && !quiet) {
            Kernels.obstacle().ifPresent(why -> console.note(why + "; computing without it, which is slower"));
        }
        return modelOptions();
    }

    /** Progress on standard error; silent with {@code --quiet}. */
    ProgressDisplay progress(Console console) {
        return quiet ? ProgressDisplay.silent() : ProgressDisplay.on(console.err(), console.terminal());
    }
}
