package ingot.tests.tokenizer;

import java.util.List;
import java.util.SplittableRandom;

/** Seeded strings over scripts, emoji, combining marks, white space, numbers and special-looking tokens. */
final class RandomText {
    private static final int[][] SCRIPTS = {
        {'a', 'z'},
        {'A', 'Z'},
        {'!', '/'},
        {'0', '9'},
        {0xc0, 0x24f},
        {0x370, 0x3ff},
        {0x400, 0x52f},
        {0x5d0, 0x5ea},
        {0x600, 0x6ff},
        {0x900, 0x97f},
        {0xe00, 0xe7f},
        {0xf00, 0xfff},
        {0x1100, 0x11ff},
        {0x1e00, 0x1fff},
        {0x3040, 0x30ff},
        {0x4e00, 0x9fff},
        {0xac00, 0xd7a3},
        {0x1f300, 0x1faff},
        {0x1d400, 0x1d7ff},
        {0xf900, 0xfaff}
    };
    private static final int[] WHITE = {
        ' ', ' ', ' ', '\t', '\n', '\n', '\r', 0x0b, 0x0c, 0x1c, 0x85, 0xa0, 0x1680, 0x180e, 0x2000, 0x2003, 0x200b,
        0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff
    };
    private static final int[] NUMBERS = {'7', 0xb2, 0xbd, 0x660, 0x966, 0x2160, 0x2460, 0x3007, 0xff11, 0x1d7ce};
    private static final List<String> WORDS = List.of(
            "'s",
            "'S",
            "'T",
            "'Re",
            "'ve",
            "'LL",
            "'d",
            "'m",
            "'\u017f",
            "\u2019s",
            "don't",
            "I'll",
            " the",
            "<|im_start|>",
            "<|im_end|>",
            "<|endoftext|>",
            "<|im_end",
            "<tool_call>",
            "</tool_call>",
            "<|fim_prefix|>",
            "<|extra_0|>",
            "<|",
            "|>",
            "e\u0301",
            "\u1112\u1161\u11ab",
            "A\u030a",
            "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67",
            "\ud83c\udde9\ud83c\uddea",
            "\u2764\ufe0f",
            "    ",
            "\n\n",
            "\r\n",
            "{\"a\": 1}",
            "for (int i=0;",
            "http://");

    private final SplittableRandom random;

    RandomText(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /** Up to 24 parts; one to four kinds of part per string, so that runs of one kind occur. */
    String next() {
        int[] kinds = new int[1 + random.nextInt(4)];
        for (int i = 0; i < kinds.length; i++) {
            kinds[i] = random.nextInt(8);
        }
        int[] script = SCRIPTS[random.nextInt(SCRIPTS.length)];
        var out = new StringBuilder();
        for (int n = random.nextInt(25); n > 0; n--) {
            switch (kinds[random.nextInt(kinds.length)]) {
                case 0, 1 -> out.appendCodePoint(within(script));
                case 2 -> out.appendCodePoint(WHITE[random.nextInt(WHITE.length)]);
                case 3 -> out.append(WORDS.get(random.nextInt(WORDS.size())));
                case 4 -> out.appendCodePoint(mark());
                case 5 -> out.appendCodePoint(NUMBERS[random.nextInt(NUMBERS.length)]);
                case 6 -> out.appendCodePoint(within(SCRIPTS[random.nextInt(SCRIPTS.length)]));
                default -> out.appendCodePoint(any());
            }
        }
        return out.toString();
    }

    private int within(int[] range) {
        return range[0] + random.nextInt(range[1] - range[0] + 1);
    }

    private int mark() {
        if (random.nextBoolean()) {
            return 0x300 + random.nextInt(0x70);
        }
        while (true) {
            int c = random.nextInt(0x20000);
            int type = Character.getType(c);
            if (type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK) {
                return c;
            }
        }
    }

    private int any() {
        while (true) {
            int c = random.nextInt(0x110000);
            if (c < 0xd800 || c > 0xdfff) {
                return c;
            }
        }
    }
}
