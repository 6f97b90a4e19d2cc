package ingot.runtime.template;

import java.util.ArrayList;
import java.util.List;

/**
 * The ChatML of the original Qwen ({@code make_context} of qwen_generation_utils.py), which has no template. The texts
 * between the control tokens are tokenized separately, and what looks like a control token inside them is plain text.
 */
public final class Qwen1Chat {
    /** Opens a turn. */
    public static final String START = "<|im_start|>";

    /** Closes a turn. */
    public static final String END = "<|im_end|>";

    /** How many segments at the end of a prompt open the assistant's turn. */
    public static final int GENERATION_SEGMENTS = 4;

    private Qwen1Chat() {}

    /** A stretch of the prompt that is tokenized on its own. */
    public sealed interface Segment {
        String text();
    }

    /** Exactly one control token, {@link #START} or {@link #END}. */
    public record Control(String text) implements Segment {}

    /** Text to be tokenized without recognising any special token; never empty. */
    public record Plain(String text) implements Segment {}

    /** One past exchange. */
    public record Turn(String query, String response) {}

    /** The prompt that asks {@code query} after {@code history}, ending where the assistant is to speak. */
    public static List<Segment> segments(String system, List<Turn> history, String query) {
        List<Segment> out = new ArrayList<>(systemMessage(system));
        for (Turn turn : history) {
            out.addAll(exchange(turn));
        }
        plain(out, "\n");
        message(out, "user", query);
        plain(out, "\n");
        out.add(new Control(START));
        // The role and its line break are two separate pieces in make_context.
        plain(out, "assistant");
        plain(out, "\n");
        return List.copyOf(out);
    }

    /** The first message. */
    public static List<Segment> systemMessage(String system) {
        List<Segment> out = new ArrayList<>();
        message(out, "system", system);
        return List.copyOf(out);
    }

    /** One past exchange, the line breaks before its messages included. */
    public static List<Segment> exchange(Turn turn) {
        List<Segment> out = new ArrayList<>();
        plain(out, "\n");
        message(out, "user", turn.query());
        plain(out, "\n");
        message(out, "assistant", turn.response());
        return List.copyOf(out);
    }

    /** The prompt as one string, as {@code make_context} returns it for reading. */
    public static String text(List<Segment> segments) {
        StringBuilder out = new StringBuilder();
        segments.forEach(s -> out.append(s.text()));
        return out.toString();
    }

    /** {@code <|im_start|>role\ncontent<|im_end|>}; role, line break and content are tokenized separately. */
    private static void message(List<Segment> out, String role, String content) {
        out.add(new Control(START));
        plain(out, role);
        plain(out, "\n");
        plain(out, content);
        out.add(new Control(END));
    }

    private static void plain(List<Segment> out, String text) {
        if (!text.isEmpty()) {
            out.add(new Plain(text));
        }
    }
}
