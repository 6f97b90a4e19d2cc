package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.file.Path;

/**
 * How text is cut into pieces before byte-pair encoding: the expressions of the published Qwen tokenizers. A file's
 * expression is recognised by its exact text and never compiled, so no file can bring one that backtracks forever.
 */
public enum PreTokenization {
    /** Qwen (the {@code PAT_STR} of its tiktoken encoding), Qwen1.5, Qwen2, Qwen2.5, QwQ, Qwen3 and Qwen3-Next. */
    QWEN2(
            0,
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                    + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"),
    /** Qwen3.5: combining marks belong to the word they follow. */
    QWEN3_5(
            1,
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
                    + "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");

    private final int code;
    private final String expression;

    PreTokenization(int code, String expression) {
        this.code = code;
        this.expression = expression;
    }

    /** The number that stands for it in {@link TokenizerCodec}. */
    public int code() {
        return code;
    }

    /** The expression as the published files write it. */
    public String expression() {
        return expression;
    }

    /**
     * The kind whose expression is exactly {@code expression}.
     *
     * @throws IngotException.BadData if it is none of the known ones
     */
    static PreTokenization of(String expression, Path origin) {
        for (PreTokenization kind : values()) {
            if (kind.expression.equals(expression)) {
                return kind;
            }
        }
        throw IngotException.BadData.in(
                origin,
                "pre-tokenizer expression " + Text.quote(expression)
                        + " is none of the known Qwen expressions; expressions from files are never run");
    }
}
