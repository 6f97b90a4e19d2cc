package ingot.quant.calibration;

/** Whose residual stream. */
enum Residual {
    /** Of the model that is being rounded. */
    ROUNDED(""),
    /** Of the model as it is in the source. */
    SOURCE("source-");

    private final String prefix;

    Residual(String prefix) {
        this.prefix = prefix;
    }

    /** What names of its files begin with. */
    String prefix() {
        return prefix;
    }
}
