package ingot.cli;

import ingot.runtime.GenerationOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How tokens are chosen; what is not given stays as the model recommends. */
final class SamplingFlags {
    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            description = "Most tokens to generate (default: 256).")
    @Nullable
    Integer maxTokens;

    @Option(names = "--temperature", paramLabel = "X", description = "0 is greedy.")
    @Nullable
    Double temperature;

    @Option(names = "--top-k", paramLabel = "N", description = "Only the N likeliest tokens; 0 for all.")
    @Nullable
    Integer topK;

    @Option(names = "--top-p", paramLabel = "X", description = "Only the likeliest that sum to X; 1 for all.")
    @Nullable
    Double topP;

    @Option(
            names = "--min-p",
            paramLabel = "X",
            description = "Only those at least X times as likely as the likeliest.")
    @Nullable
    Double minP;

    @Option(names = "--repetition-penalty", paramLabel = "X", description = "Above 1 discourages repeating; 1 is off.")
    @Nullable
    Double repetitionPenalty;

    @Option(names = "--seed", paramLabel = "N", description = "Equal seeds give equal text (default: 0).")
    @Nullable
    Long seed;

    GenerationOptions over(GenerationOptions options) {
        GenerationOptions o = options;
        o = maxTokens == null ? o : o.withMaxTokens(maxTokens);
        o = temperature == null ? o : o.withTemperature(temperature);
        o = topK == null ? o : o.withTopK(topK);
        o = topP == null ? o : o.withTopP(topP);
        o = minP == null ? o : o.withMinP(minP);
        o = repetitionPenalty == null ? o : o.withRepetitionPenalty(repetitionPenalty);
        return seed == null ? o : o.withSeed(seed);
    }
}
