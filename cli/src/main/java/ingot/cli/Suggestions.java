package ingot.cli;

import ingot.formats.Text;
import ingot.formats.Words;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** One line for a wrong command line, with the nearest right word. */
final class Suggestions {
    private Suggestions() {}

    static String explain(ParameterException e, String[] args) {
        CommandSpec spec = e.getCommandLine().getCommandSpec();
        String prefix = spec.parent() == null ? "" : spec.name() + ": ";
        return prefix
                + switch (e) {
                    case UnmatchedArgumentException u -> unmatched(u.getUnmatched(), spec);
                    // The parser misses an argument before it looks at misspelt options, which are the likelier slip.
                    case MissingParameterException m
                    when !misspelt(args, spec).isEmpty() -> unmatched(misspelt(args, spec), spec);
                    case MissingParameterException m -> missing(m, args) + "; see 'ingot " + spec.name() + " --help'";
                    default -> invalid(e);
                };
    }

    private static List<String> misspelt(String[] args, CommandSpec spec) {
        return Arrays.stream(args)
                .takeWhile(a -> !a.equals("--"))
                .filter(a -> a.startsWith("--"))
                .filter(a -> spec.findOption(a.split("=", 2)[0]) == null)
                .toList();
    }

    private static String unmatched(List<String> words, CommandSpec spec) {
        String word = words.getFirst();
        if (word.startsWith("-")) {
            int equals = word.indexOf('=');
            String option = equals < 0 ? word : word.substring(0, equals);
            List<String> known = new ArrayList<>();
            spec.options().forEach(o -> known.addAll(List.of(o.names())));
            return "unknown option " + Text.quote(option) + didYouMean(option, known, spec);
        }
        if (spec.parent() == null) {
            return "unknown command " + Text.quote(word) + didYouMean(word, Commands.names(), spec);
        }
        return "unexpected argument " + Text.quote(word) + seeHelp(spec);
    }

    /** The parser reports an option without its value as it reports one that is not there. */
    private static String missing(MissingParameterException e, String[] args) {
        List<String> names = new ArrayList<>();
        for (ArgSpec arg : e.getMissing()) {
            if (arg instanceof OptionSpec o && !Collections.disjoint(List.of(args), List.of(o.names()))) {
                return name(o) + " needs a value";
            }
            names.add(arg instanceof OptionSpec o ? name(o) : arg.paramLabel());
        }
        return "missing " + String.join(", ", names);
    }

    /** The name that documents use: the first long one; those after it are other tools' spellings. */
    private static String name(OptionSpec option) {
        return Arrays.stream(option.names())
                .filter(n -> n.startsWith("--"))
                .findFirst()
                .orElse(option.longestName());
    }

    private static String invalid(ParameterException e) {
        ArgSpec arg = e.getArgSpec();
        String value = e.getValue();
        if (arg == null || value == null) {
            // picocli's own messages are sentences that start with a capital letter.
            String message = String.valueOf(e.getMessage());
            return message.substring(0, 1).toLowerCase(Locale.ROOT) + message.substring(1);
        }
        String name = arg instanceof OptionSpec o ? name(o) : arg.paramLabel();
        List<String> allowed = new ArrayList<>();
        if (arg.completionCandidates() != null) {
            arg.completionCandidates().forEach(allowed::add);
        }
        String text = "invalid value " + Text.quote(value) + " for " + name;
        if (allowed.isEmpty()) {
            return text + ": expected " + (arg.type().isPrimitive() ? "a number" : arg.paramLabel());
        }
        return text + "; one of " + String.join(", ", allowed) + Words.didYouMean(value, allowed);
    }

    private static String didYouMean(String word, Collection<String> known, CommandSpec spec) {
        String meant = Words.didYouMean(word, known);
        return meant.isEmpty() ? seeHelp(spec) : meant;
    }

    private static String seeHelp(CommandSpec spec) {
        return "; see 'ingot " + (spec.parent() == null ? "" : spec.name() + " ") + "--help'";
    }
}
