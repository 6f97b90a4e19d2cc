package ingot.runtime.template;

/**
 * What one template may cost. A template comes with a downloaded model and is as foreign as the weights: every bound is
 * checked before the memory is taken, and exceeding one is {@link ingot.formats.IngotException.BadData}.
 *
 * @param templateChars longest template source, in UTF-16 units
 * @param depth deepest nesting of expressions and statements, of macro calls and of values walked recursively
 * @param steps evaluated nodes, loop rounds and 64-character pieces of text looked at
 * @param outputChars longest text a rendering, or any single string inside it, may reach, in UTF-16 units
 * @param allocatedChars all strings ever made during one rendering, in UTF-16 units; a list element counts
 *     {@value Budget#ELEMENT_CHARS}
 */
public record TemplateLimits(int templateChars, int depth, long steps, int outputChars, long allocatedChars) {
    /** Published templates stay below 10,000 characters and depth 40; a 100,000-token conversation below 3M steps. */
    public static final TemplateLimits DEFAULT = new TemplateLimits(1 << 20, 400, 10_000_000, 32 << 20, 128L << 20);
}
