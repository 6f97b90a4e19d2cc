package ingot.runtime.model;

/**
 * Rows of a {@link Chunk} that are tokens of one sequence, one after the other.
 *
 * @param memory what the sequence remembers of the tokens before them, and then of them
 * @param first row
 * @param span which positions of the sequence
 */
record Segment(SequenceMemory memory, int first, Span span) {
    int position() {
        return span.position();
    }

    int tokens() {
        return span.tokens();
    }
}
