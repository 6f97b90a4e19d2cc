package ingot.formats.block;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** How many neighbouring columns of a row share a scale: a multiple of 32, or the whole row. */
public final class Grouping {
    /** One scale per row ("per channel"): the group is the row length rounded up to a multiple of 32. */
    public static final int CHANNEL = 0;

    /** Every group is a multiple of this, so that a kernel's step of 32 columns has one scale. */
    public static final int UNIT = 32;

    /** Largest group that can be asked for by number. */
    public static final int MAX = 1 << 16;

    private static final String CHANNEL_NAME = "channel";

    private Grouping() {}

    /** Returns {@code group}, or throws {@link IllegalArgumentException} when no layout may have it. */
    static int check(int group) {
        if (group != CHANNEL && (group < UNIT || group > MAX || group % UNIT != 0)) {
            throw new IllegalArgumentException(
                    "group " + group + "; expected a multiple of " + UNIT + " up to " + MAX + ", or channel");
        }
        return group;
    }

    static int read(@Nullable JsonNode node) {
        if (node != null && node.isString() && node.stringValue().equals(CHANNEL_NAME)) {
            return CHANNEL;
        }
        if (node == null || !node.isInt() || node.intValue() == CHANNEL) {
            throw new IllegalArgumentException("'group' is neither a multiple of " + UNIT + " nor \"channel\"");
        }
        return check(node.intValue());
    }

    static void write(ObjectNode node, int group) {
        if (group == CHANNEL) {
            node.put(LayoutJson.GROUP, CHANNEL_NAME);
        } else {
            node.put(LayoutJson.GROUP, group);
        }
    }

    static String describe(int group) {
        return group == CHANNEL ? " " + CHANNEL_NAME : " g" + group;
    }
}
