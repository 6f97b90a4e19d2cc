package ingot.cli;

import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/**
 * The table of commands. None has methods that are commands: picocli is told so, as it would look at every method's annotations at
 * every start.
 */
final class Commands {
    @Command(
            name = "ingot",
            addMethodSubcommands = false,
            description = "Turns Qwen checkpoints into one compact file and proves that the file is right.",
            synopsisHeading = "Usage: ",
            customSynopsis = "ingot COMMAND [OPTIONS]",
            commandListHeading = "%nCommands:%n",
            optionListHeading = "%nOptions:%n",
            footerHeading = "%nExamples:%n",
            footer = {
                "  ingot demo",
                "  ingot convert Qwen3-0.6B -o qwen3.ingot --type int4",
                "  ingot verify qwen3.ingot",
                "  ingot run qwen3.ingot -p \"The ship\"",
                "",
                "'ingot COMMAND --help' explains a command."
            })
    static final class Root {
        @Option(
                names = {"-h", "--help"},
                usageHelp = true,
                description = "Show this help.")
        boolean help;

        @Option(
                names = {"-V", "--version"},
                versionHelp = true,
                description = "Show the version.")
        boolean version;

        @Option(names = "--debug", description = "Print the stack trace of an error.")
        boolean debug;
    }

    private Commands() {}

    /** In the order of {@code ingot --help}: what one does first comes first. */
    private static List<Entry> entries() {
        return List.of(
                new Entry("demo", "Does the main job on the bundled model."),
                new Entry("convert", "Turns a checkpoint into one .ingot file."),
                new Entry("verify", "Checks a model against golden logits."),
                new Entry("run", "Generates text."),
                new Entry("inspect", "Tells what a file or folder holds."),
                new Entry("bench", "Measures speed."),
                new Entry("perplexity", "Scores a text; measures divergence from a reference."),
                new Entry("compare", "Compares two models."),
                new Entry("golden", "Records golden logits."),
                new Entry("export", "Writes a model in another format."),
                new Entry("sign", "Signs a model."),
                new Entry("tokenize", "Text to token ids and back."));
    }

    /** A switch, not a table of constructors: a reference to a constructor would load the command's class. */
    private static Task create(String name) {
        return switch (name) {
            case "demo" -> new DemoCommand();
            case "convert" -> new ConvertCommand();
            case "verify" -> new VerifyCommand();
            case "run" -> new RunCommand();
            case "inspect" -> new InspectCommand();
            case "bench" -> new BenchCommand();
            case "perplexity" -> new PerplexityCommand();
            case "compare" -> new CompareCommand();
            case "golden" -> new GoldenCommand();
            case "export" -> new ExportCommand();
            case "sign" -> new SignCommand();
            case "tokenize" -> new TokenizeCommand();
            default -> throw new IllegalArgumentException(name);
        };
    }

    static List<String> names() {
        return entries().stream().map(Entry::name).toList();
    }

    /**
     * The parser; holds the one command that {@code args} names. When it names none, only names and summaries of all are
     * needed: reflecting over every command would load half of the engines.
     */
    static CommandLine root(String[] args) {
        CommandLine root = new CommandLine(new Root());
        List<Entry> entries = entries();
        // The first word that is no option: "ingot --debug convert …" names convert.
        String word =
                Arrays.stream(args).filter(a -> !a.startsWith("-")).findFirst().orElse("");
        boolean named = entries.stream().anyMatch(e -> e.name.equals(word));
        for (Entry e : entries) {
            if (named && !e.name.equals(word)) {
                continue;
            }
            CommandLine sub = named ? new CommandLine(create(e.name)) : new CommandLine(CommandSpec.create());
            root.addSubcommand(e.name, sub);
            sub.getCommandSpec().usageMessage().header(e.summary);
            sub.getCommandSpec().usageMessage().synopsisHeading("Usage: ");
            sub.getCommandSpec().usageMessage().parameterListHeading("%nArguments:%n");
            sub.getCommandSpec().usageMessage().optionListHeading("%nOptions:%n");
            sub.getCommandSpec().usageMessage().footerHeading("%nExamples:%n");
            sub.getCommandSpec().usageMessage().sortOptions(false);
        }
        root.setUsageHelpWidth(100);
        root.setUsageHelpAutoWidth(false);
        root.setOverwrittenOptionsAllowed(false);
        root.setAbbreviatedOptionsAllowed(false);
        root.setCaseInsensitiveEnumValuesAllowed(true);
        root.setExpandAtFiles(false);
        return root;
    }

    /** @param summary its line in {@code ingot --help}, and the first of its own help */
    private record Entry(String name, String summary) {}
}
