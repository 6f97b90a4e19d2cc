package ingot.runtime.kernel.nativecode;

/** The last source of a vector instruction. */
sealed interface Operand {
    /** A vector register, 0 … 31; of 256 bits and below 16 where the encoding is VEX. */
    record Zmm(int number) implements Operand {
        public Zmm {
            if (number < 0 || number > 31) {
                throw new IllegalArgumentException("zmm" + number);
            }
        }
    }

    /** Memory at base + disp: as many bytes as the instruction reads. */
    record Address(Gpr base, int disp) implements Operand {}

    /** Four bytes at base + disp in every lane. */
    record Broadcast(Gpr base, int disp) implements Operand {}
}
