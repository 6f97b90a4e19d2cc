package ingot.quant;

/** Placeholder of the first slice. */
final class Seam {
    private Seam() {}
}
