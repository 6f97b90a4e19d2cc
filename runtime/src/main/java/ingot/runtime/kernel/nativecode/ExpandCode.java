package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VCVTPH2PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VPADDB;

import ingot.formats.block.Blocks;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * {@code void expand(const void *codes, const void *scales, void *panel, long codesAt, long scalesAt, long units, long
 * leftInGroup, long unitsPerGroup)}: brings consecutive units of one block to the form that {@link GemmCode} reads.
 *
 * @see GemmCode for the panel; its second block lies 64 bytes behind the first
 */
final class ExpandCode {
    private static final Gpr CODES = Gpr.RDI;
    private static final Gpr SCALES = Gpr.RSI;
    private static final Gpr PANEL = Gpr.RDX;
    private static final Gpr CODES_AT = Gpr.RCX;
    private static final Gpr SCALES_AT = Gpr.R8;
    private static final Gpr UNITS = Gpr.R9;
    private static final Address LEFT_IN_GROUP = new Address(Gpr.RSP, 8);
    private static final Address UNITS_PER_GROUP = new Address(Gpr.RSP, 16);
    private static final Gpr LEFT = Gpr.R10;

    private static final Zmm SCALE = new Zmm(0);
    private static final Zmm BYTES = new Zmm(1);
    private static final Zmm BIAS = new Zmm(30);

    private ExpandCode() {}

    static void emit(Assembler a, ByteCodes codes) {
        codes.constants(a);
        int missing = UnitRecord.BIAS - codes.bias();
        a.everywhere(BIAS, missing * 0x0101_0101);
        a.add(CODES, CODES_AT);
        a.add(SCALES, SCALES_AT);
        a.mov(LEFT, LEFT_IN_GROUP);
        Label unit = new Label();
        Label sameGroup = new Label();
        a.bind(unit);
        a.op(VCVTPH2PS, SCALE, new Address(SCALES, 0));
        a.store(VMOVUPS_STORE, new Address(PANEL, GemmCode.PANEL_SCALES), SCALE);
        for (int step = 0; step < UnitRecord.STEPS; step++) {
            codes.fourColumns(a, step, new Address(CODES, 0), BYTES);
            if (missing != 0) {
                a.op(VPADDB, BYTES, BYTES, BIAS);
            }
            a.store(VMOVUPS_STORE, new Address(PANEL, GemmCode.panelAt(step, 0)), BYTES);
        }
        a.add(CODES, codes.unitBytes());
        a.add(PANEL, GemmCode.PANEL_BYTES);
        a.dec(LEFT);
        a.jnz(sameGroup);
        a.mov(LEFT, UNITS_PER_GROUP);
        a.add(SCALES, Blocks.ROWS * Short.BYTES);
        a.bind(sameGroup);
        a.dec(UNITS);
        a.jnz(unit);
        a.vzeroupper();
        a.ret();
    }
}
