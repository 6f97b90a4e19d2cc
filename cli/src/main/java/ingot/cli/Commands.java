package ingot.cli;

import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The table of commands. */
final class Commands {
    @Command(
            name = "ingot",
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
        @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
        boolean help;

        @Option(names = {"-V", "--version"}, versionHelp = true, description = "Show the version.")
        boolean version;

        @Option(names = "--debug", description = "Print the stack trace of an error.")
        boolean debug;
    }

    private Commands() {}

    /** In the order of {@code ingot --help}: what one does first comes first. */
    private static List<Entry> entries() {
        return List.of(
                new Entry("demo", "Does the main job on the bundled model.", DemoCommand::new),
                new Entry("convert", "Turns a checkpoint into one .ingot file.", ConvertCommand::new),
                new Entry("verify", "Checks a model against golden logits.", VerifyCommand::new),
                new Entry("run", "Generates text.", RunCommand::new),
                new Entry("inspect", "Tells what a file or folder holds.", InspectCommand::new),
                new Entry("bench", "Measures speed.", BenchCommand::new),
                new Entry("perplexity", "Scores a text; measures divergence from a reference.", PerplexityCommand::new),
                new Entry("compare", "Compares two models.", CompareCommand::new),
                new Entry("golden", "Records golden logits.", GoldenCommand::new),
                new Entry("export", "Writes a model in another format.", ExportCommand::new),
                new Entry("tokenize", "Text to token ids and back.", TokenizeCommand::new));
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
        boolean named = args.length > 0 && entries.stream().anyMatch(e -> e.name.equals(args[0]));
        for (Entry e : entries) {
            if (named && !e.name.equals(args[0])) {
                continue;
            }
            CommandLine sub = named ? new CommandLine(e.create.get()) : new CommandLine(CommandSpec.create());
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
        root.setExpandAtFiles(false);
        return root;
    }

    /** @param summary its line in {@code ingot --help}, and the first of its own help */
    private record Entry(String name, String summary, Supplier<Task> create) {}
}
