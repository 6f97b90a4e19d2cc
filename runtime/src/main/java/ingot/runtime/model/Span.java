package ingot.runtime.model;

/**
 * Positions of a sequence that are computed at once.
 *
 * @param position of the first token in its sequence
 * @param tokens how many
 * @param length of the sequence when the whole call is done, later chunks included (dynamic NTK depends on it)
 */
public record Span(int position, int tokens, int length) {}
