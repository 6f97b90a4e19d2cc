package ingot.runtime.kernel.nativecode;

import ingot.formats.block.Grouped;

/**
 * The integers that round-to-nearest chooses from.
 *
 * @param bits of a stored code
 * @param bias what is added to a code to store it
 * @param lowest code
 * @param highest code
 */
record IntegerGrid(int bits, int bias, int lowest, int highest) {
    static IntegerGrid of(Grouped layout) {
        return new IntegerGrid(layout.bits(), layout.bias(), layout.lowest(), layout.high());
    }

    /** Whether the weight of largest magnitude gets the lowest code, whatever its sign: a scale has a sign then. */
    boolean signed() {
        return lowest < -highest;
    }

    /** A group's largest weight divided by this is its scale. */
    float divisor() {
        return signed() ? lowest : highest;
    }
}
