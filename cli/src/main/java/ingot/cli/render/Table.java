package ingot.cli.render;

import ingot.formats.Text;
import java.util.ArrayList;
import java.util.List;

/** A table of text in at most {@value #MAX_WIDTH} columns: two spaces between columns, numbers to the right. */
public final class Table {
    public static final int MAX_WIDTH = 100;
    private static final String GAP = "  ";
    /** Columns of text are not cut below this. */
    private static final int LEAST = 8;

    private final List<String> heads = new ArrayList<>();
    private final List<Boolean> numeric = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    /** Adds a column of text, left-aligned; may be cut to fit. */
    public Table text(String head) {
        heads.add(head);
        numeric.add(false);
        return this;
    }

    /** Adds a column of numbers, right-aligned; never cut. */
    public Table number(String head) {
        heads.add(head);
        numeric.add(true);
        return this;
    }

    public Table row(String... cells) {
        return row(List.of(cells));
    }

    public Table row(List<String> cells) {
        if (cells.size() != heads.size()) {
            throw new IllegalArgumentException(cells.size() + " cells for " + heads.size() + " columns");
        }
        rows.add(cells.stream().map(Text::cell).toList());
        return this;
    }

    /** The table, each line ended by a newline, without trailing blanks; no header line when every head is empty. */
    public String render() {
        int[] widths = widths();
        StringBuilder out = new StringBuilder();
        if (heads.stream().anyMatch(h -> !h.isEmpty())) {
            line(out, heads, widths);
            List<String> rule = new ArrayList<>();
            for (int w : widths) {
                rule.add("─".repeat(w));
            }
            line(out, rule, widths);
        }
        rows.forEach(r -> line(out, r, widths));
        return out.toString();
    }

    private int[] widths() {
        int[] widths = new int[heads.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = Width.of(heads.get(i));
            for (List<String> row : rows) {
                widths[i] = Math.max(widths[i], Width.of(row.get(i)));
            }
        }
        int excess = total(widths) - MAX_WIDTH;
        while (excess > 0) {
            int widest = -1;
            for (int i = 0; i < widths.length; i++) {
                if (!numeric.get(i) && widths[i] > LEAST && (widest < 0 || widths[i] > widths[widest])) {
                    widest = i;
                }
            }
            if (widest < 0) {
                break;
            }
            widths[widest]--;
            excess--;
        }
        return widths;
    }

    private static int total(int[] widths) {
        int sum = GAP.length() * Math.max(0, widths.length - 1);
        for (int w : widths) {
            sum += w;
        }
        return sum;
    }

    private void line(StringBuilder out, List<String> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String cell = Width.fit(cells.get(i), widths[i]);
            String pad = " ".repeat(widths[i] - Width.of(cell));
            line.append(i == 0 ? "" : GAP).append(numeric.get(i) ? pad + cell : cell + pad);
        }
        out.append(line.toString().stripTrailing()).append('\n');
    }
}
