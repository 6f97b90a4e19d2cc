package ingot.cli.render;

/** Columns that text takes on a terminal: wide scripts two, combining marks none (after Unicode UAX #11 and #29). */
final class Width {
    private Width() {}

    static int of(String s) {
        return s.codePoints().map(Width::of).sum();
    }

    private static int of(int c) {
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT, Character.CONTROL -> 0;
            default -> wide(c) ? 2 : 1;
        };
    }

    private static boolean wide(int c) {
        return (c >= 0x1100 && c <= 0x115F)
                || (c >= 0x2E80 && c <= 0x303E)
                || (c >= 0x3041 && c <= 0xA4CF && c != 0x303F)
                || (c >= 0xA960 && c <= 0xA97F)
                || (c >= 0xAC00 && c <= 0xD7A3)
                || (c >= 0xF900 && c <= 0xFAFF)
                || (c >= 0xFE30 && c <= 0xFE6F)
                || (c >= 0xFF00 && c <= 0xFF60)
                || (c >= 0xFFE0 && c <= 0xFFE6)
                || (c >= 0x1F300 && c <= 0x1F64F)
                || (c >= 0x1F680 && c <= 0x1F6FF)
                || (c >= 0x1F900 && c <= 0x1FAFF)
                || (c >= 0x20000 && c <= 0x3FFFD);
    }

    /** {@code s} in at most {@code width} columns; the middle gives way to "…", since names differ at their ends. */
    static String fit(String s, int width) {
        if (of(s) <= width) {
            return s;
        }
        int[] points = s.codePoints().toArray();
        int head = 0;
        int tail = points.length;
        int used = 1;
        // Take turns from both ends while there is room.
        boolean front = true;
        while (head < tail) {
            int c = front ? points[head] : points[tail - 1];
            int w = of(c);
            if (used + w > width) {
                break;
            }
            used += w;
            if (front) {
                head++;
            } else {
                tail--;
            }
            front = !front;
        }
        return new String(points, 0, head) + "…" + new String(points, tail, points.length - tail);
    }
}
