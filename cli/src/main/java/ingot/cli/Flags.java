package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.Words;
import java.util.List;
import java.util.function.Supplier;

/** Says which option a wrong value was given to. */
final class Flags {
    private Flags() {}

    /**
     * Refuses a number out of bounds.
     *
     * @param most {@link Integer#MAX_VALUE} for none
     * @param what is said behind the bounds
     */
    static void range(String option, Number given, long least, long most, String what) {
        double value = given.doubleValue();
        if (!(value >= least && value <= most)) {
            String bounds = most == Integer.MAX_VALUE ? "at least " + least : least + " to " + most;
            throw new IngotException.Usage(option + " " + given + ": expected " + bounds + what);
        }
    }

    /** Refuses a word that is not among those that the option takes. */
    static void word(String option, String given, List<String> known) {
        if (!known.contains(given)) {
            throw new IngotException.Usage(option + " " + Text.quote(given) + ": expected " + String.join(", ", known)
                    + Words.didYouMean(given, known));
        }
    }

    /** What {@code parse} makes of an option's value; a refusal that begins with the option's word gets its dashes. */
    static <T> T of(String option, Supplier<T> parse) {
        try {
            return parse.get();
        } catch (IngotException.Usage e) {
            String message = String.valueOf(e.getMessage());
            throw message.startsWith(option.substring(2) + " ") ? new IngotException.Usage("--" + message) : e;
        }
    }
}
