package ingot.cli;

import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
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
                new Entry("demo", DemoCommand::new),
                new Entry("convert", ConvertCommand::new),
                new Entry("verify", VerifyCommand::new),
                new Entry("run", RunCommand::new),
                new Entry("inspect", InspectCommand::new),
                new Entry("bench", BenchCommand::new),
                new Entry("perplexity", PerplexityCommand::new),
                new Entry("compare", CompareCommand::new),
                new Entry("golden", GoldenCommand::new),
                new Entry("export", ExportCommand::new),
                new Entry("tokenize", TokenizeCommand::new));
    }

    static List<String> names() {
        return entries().stream().map(Entry::name).toList();
    }

    /** The parser; holds the one command that {@code args} names, or all of them when it names none. */
    static CommandLine root(String[] args) {
        CommandLine root = new CommandLine(new Root());
        List<Entry> entries = entries();
        // Reflecting over every command's options costs more than most commands' own start.
        boolean named = args.length > 0 && entries.stream().anyMatch(e -> e.name.equals(args[0]));
        for (Entry e : entries) {
            if (!named || e.name.equals(args[0])) {
                root.addSubcommand(e.name, e.create.get());
            }
        }
        for (CommandLine sub : root.getSubcommands().values()) {
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

    private record Entry(String name, Supplier<Task> create) {}
}
