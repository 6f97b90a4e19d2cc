package ingot.runtime.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The tokens on their way through the layers: some of one sequence or of several, sequence after sequence. Used again. */
public final class Chunk {
    private final List<Segment> segments = new ArrayList<>();
    private int[] owners = {};
    private int tokens;

    /** Forgets what was there. */
    public void clear() {
        segments.clear();
        tokens = 0;
    }

    /** Tokens of one more sequence, or the only ones; a sequence comes once in a chunk. */
    public void add(SequenceMemory memory, Span span) {
        int end = Math.addExact(tokens, span.tokens());
        if (owners.length < end) {
            owners = Arrays.copyOf(owners, Math.max(end, 2 * owners.length));
        }
        Arrays.fill(owners, tokens, end, segments.size());
        segments.add(new Segment(memory, tokens, span));
        tokens = end;
    }

    /** Rows of all sequences. */
    public int tokens() {
        return tokens;
    }

    /** How many sequences. */
    public int sequences() {
        return segments.size();
    }

    /** First row of a sequence. */
    public int first(int sequence) {
        return segments.get(sequence).first();
    }

    /** Which positions of a sequence its rows are. */
    public Span span(int sequence) {
        return segments.get(sequence).span();
    }

    Segment segment(int sequence) {
        return segments.get(sequence);
    }

    /** The segment that a row belongs to. */
    Segment owner(int row) {
        return segments.get(owners[row]);
    }

    /** Position of a row in its sequence. */
    int position(int row) {
        Segment owner = owner(row);
        return owner.position() + row - owner.first();
    }
}
