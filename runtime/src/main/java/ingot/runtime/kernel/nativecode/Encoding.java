package ingot.runtime.kernel.nativecode;

import java.util.List;

/** How vector instructions are encoded, and with it how many lanes they have. */
enum Encoding {
    /** 512 bits and 32 registers (AVX-512). */
    EVEX_512,
    /** 256 bits and 16 registers (AVX2); no operand is broadcast from memory. */
    VEX_256;

    /** Whether generated code of this encoding can be run here. */
    boolean available() {
        return NativeSupport.probe() instanceof NativeSupport.Ready(List<Isa> isas)
                && isas.stream().anyMatch(isa -> isa.encoding() == this);
    }
}
