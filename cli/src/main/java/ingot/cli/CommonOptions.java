package ingot.cli;

import picocli.CommandLine.Option;

/** Options that every command has. */
final class CommonOptions {
    @Option(names = "--json", description = "Print the result as JSON.")
    boolean json;

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads to compute with (default: one per core). Results do not depend on it.")
    int threads;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "Kernels: ${COMPLETION-CANDIDATES} (default: auto).")
    BackendName backend = BackendName.auto;

    @Option(
            names = "--vector-bits",
            paramLabel = "N",
            description = "Vector width: 128, 256 or 512 (default: the widest that is fast here).")
    int vectorBits;

    @Option(names = {"-q", "--quiet"}, description = "No progress on standard error.")
    boolean quiet;

    @Option(names = "--debug", description = "Print the stack trace of an error.")
    boolean debug;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    boolean help;

    /** Spelled as typed. */
    enum BackendName {
        auto,
        scalar,
        vector
    }
}
