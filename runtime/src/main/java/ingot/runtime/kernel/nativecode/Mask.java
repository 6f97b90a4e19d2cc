package ingot.runtime.kernel.nativecode;

/** A mask register; number 0 stands for every lane and is no register of ours. */
record Mask(int number) {
    Mask {
        if (number < 1 || number > 7) {
            throw new IllegalArgumentException("k" + number);
        }
    }
}
