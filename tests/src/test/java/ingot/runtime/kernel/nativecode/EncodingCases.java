package ingot.runtime.kernel.nativecode;

import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Broadcast;
import ingot.runtime.kernel.nativecode.Operand.Zmm;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Every instruction form that {@link Assembler} has, as an assembler of other people writes it and as ours is called.
 * {@code main} prints the former; {@code tests/encodings} lets GNU as encode them.
 */
final class EncodingCases {
    /** One instruction, or a few for a jump. */
    record Case(String text, Encoding encoding, Consumer<Assembler> emit) {}

    private static final int[][] REGISTERS = {{0, 1, 2}, {31, 30, 29}, {7, 8, 15}, {16, 9, 24}};

    private static final Set<VectorOp> STORES =
            EnumSet.of(VectorOp.VMOVUPS_STORE, VectorOp.VPMOVDB, VectorOp.VEXTRACTI32X4, VectorOp.VCVTPS2PH);
    private static final Set<VectorOp> FROM_INTEGER = EnumSet.of(VectorOp.VPBROADCASTD_GPR, VectorOp.VPBROADCASTQ_GPR);
    private static final Set<VectorOp> FROM_MEMORY = EnumSet.of(
            VectorOp.VPBROADCASTD, VectorOp.VPBROADCASTQ, VectorOp.VCVTPH2PS, VectorOp.VPMOVSXBD, VectorOp.VPMOVZXWD);
    private static final Set<VectorOp> ONE_SOURCE = EnumSet.of(
            VectorOp.VMOVUPS,
            VectorOp.VCVTDQ2PS,
            VectorOp.VCVTPS2DQ,
            VectorOp.VCVTPS2PD,
            VectorOp.VCVTPD2PS,
            VectorOp.VSQRTPD,
            VectorOp.VPMOVSXBD,
            VectorOp.VCVTPH2PS,
            VectorOp.VPBROADCASTD,
            VectorOp.VPBROADCASTQ,
            VectorOp.VPSHUFD,
            VectorOp.VCVTTPS2DQ,
            VectorOp.VPMOVZXWD,
            VectorOp.VCVTPS2PD);
    private static final Set<VectorOp> IMMEDIATE = EnumSet.of(
            VectorOp.VPSHUFD, VectorOp.VSHUFI32X4, VectorOp.VEXTRACTI32X4, VectorOp.VCVTPS2PH, VectorOp.VRNDSCALEPS);

    /** Shifts besides. */
    private static final Set<VectorOp> ONE_SOURCE_IMMEDIATE = EnumSet.of(VectorOp.VPSHUFD, VectorOp.VRNDSCALEPS);

    /** Instructions on 32-bit lanes that read memory: they can read four bytes for all lanes. */
    private static final Set<VectorOp> BROADCASTS = EnumSet.of(
            VectorOp.VADDPS,
            VectorOp.VSUBPS,
            VectorOp.VMULPS,
            VectorOp.VMAXPS,
            VectorOp.VMINPS,
            VectorOp.VDIVPS,
            VectorOp.VCVTDQ2PS,
            VectorOp.VFMADD231PS,
            VectorOp.VPDPBUSD,
            VectorOp.VPADDD,
            VectorOp.VPANDD,
            VectorOp.VPMAXUD);

    /** What is used with 256 bits. */
    private static final Set<VectorOp> NARROW = EnumSet.of(
            VectorOp.VMOVUPS,
            VectorOp.VMOVUPS_STORE,
            VectorOp.VMULPS,
            VectorOp.VCVTDQ2PS,
            VectorOp.VCVTPH2PS,
            VectorOp.VFMADD231PS,
            VectorOp.VPSHUFB,
            VectorOp.VPDPBUSD,
            VectorOp.VPMADDUBSW,
            VectorOp.VPMADDWD,
            VectorOp.VPADDD,
            VectorOp.VPADDW,
            VectorOp.VPANDD,
            VectorOp.VPORD,
            VectorOp.VPXORD,
            VectorOp.VPUNPCKLQDQ,
            VectorOp.VPBROADCASTD,
            VectorOp.VPBROADCASTQ,
            VectorOp.VPSRLW,
            VectorOp.VPSLLW,
            VectorOp.VPSLLD,
            VectorOp.VPSRAD);

    /** GNU as swaps the sources of a sum where that makes it shorter; here it never does. */
    private static final int[][] LOW_REGISTERS = {{0, 1, 2}, {15, 14, 13}, {7, 8, 6}, {3, 9, 5}};

    private final List<Case> cases = new ArrayList<>();

    private EncodingCases() {}

    static List<Case> all() {
        EncodingCases made = new EncodingCases();
        for (VectorOp op : VectorOp.values()) {
            made.vector(op);
        }
        for (VectorOp op : NARROW) {
            made.narrow(op);
        }
        IntegerCases.all(made::add);
        return made.cases;
    }

    public static void main(String[] args) {
        for (Case c : all()) {
            System.out.println(c.text());
        }
    }

    private void add(String text, Consumer<Assembler> emit) {
        cases.add(new Case(text, Encoding.EVEX_512, emit));
    }

    private static String mnemonic(VectorOp op) {
        return op.name().toLowerCase(Locale.ROOT).replaceAll("_.*", "");
    }

    private static String zmm(int... numbers) {
        StringBuilder text = new StringBuilder();
        for (int number : numbers) {
            text.append(text.isEmpty() ? "" : ",").append("zmm").append(number);
        }
        return text.toString();
    }

    private static String at(Gpr base, int disp) {
        return "[" + base.name().toLowerCase(Locale.ROOT) + (disp < 0 ? "" : "+") + disp + "]";
    }

    /** Places that need every form of ModRM, in units of the operand's size and not. */
    private static List<Address> addresses(int unit) {
        List<Address> places = new ArrayList<>();
        for (Gpr base : new Gpr[] {Gpr.RDI, Gpr.RSP, Gpr.RBP, Gpr.R8, Gpr.R12, Gpr.R13}) {
            places.add(new Address(base, 0));
            places.add(new Address(base, unit));
        }
        for (int disp : new int[] {-128 * unit, 127 * unit, 128 * unit, -129 * unit, 1 + unit, 1 << 20}) {
            places.add(new Address(Gpr.RDX, disp));
        }
        return places;
    }

    private void vector(VectorOp op) {
        String name = mnemonic(op);
        boolean shift = op.digit() != VectorOp.NO_DIGIT;
        for (int[] r : REGISTERS) {
            Zmm d = new Zmm(r[0]);
            Zmm s = new Zmm(r[1]);
            Zmm t = new Zmm(r[2]);
            if (STORES.contains(op) || op == VectorOp.VCMPPS) {
                continue;
            }
            if (FROM_INTEGER.contains(op)) {
                boolean quad = op == VectorOp.VPBROADCASTQ_GPR;
                add(name + " " + zmm(r[0]) + (quad ? ",rax" : ",eax"), a -> a.broadcast(op, d, Gpr.RAX));
                add(name + " " + zmm(r[0]) + (quad ? ",r9" : ",r9d"), a -> a.broadcast(op, d, Gpr.R9));
            } else if (FROM_MEMORY.contains(op)) {
                continue;
            } else if (shift || ONE_SOURCE_IMMEDIATE.contains(op)) {
                add(name + " " + zmm(r[0], r[1]) + ",5", a -> a.op(op, d, s, 5));
            } else if (ONE_SOURCE.contains(op)) {
                String registers = zmm(r[0], r[1]);
                String text = switch (op) {
                    case VCVTPS2PD -> registers.replaceFirst(",z", ",y");
                    case VCVTPD2PS -> registers.replaceFirst("z", "y");
                    default -> registers;
                };
                add(name + " " + text, a -> a.op(op, d, s));
            } else if (op == VectorOp.VADDSD) {
                add("{evex} " + name + " " + zmm(r).replace('z', 'x'), a -> a.op(op, d, s, t));
            } else if (IMMEDIATE.contains(op)) {
                add(name + " " + zmm(r) + ",78", a -> a.op(op, d, s, t, 78));
            } else {
                add(name + " " + zmm(r), a -> a.op(op, d, s, t));
            }
        }
        if (op == VectorOp.VCMPPS) {
            masks();
            return;
        }
        for (Address m : addresses(op.memoryBytes())) {
            memory(op, name, m);
        }
        if (BROADCASTS.contains(op)) {
            for (Address m : addresses(4)) {
                Broadcast b = new Broadcast(m.base(), m.disp());
                String source = at(m.base(), m.disp()) + "{1to16}";
                if (ONE_SOURCE.contains(op)) {
                    add(name + " zmm17,DWORD PTR " + source, a -> a.op(op, new Zmm(17), b));
                } else {
                    add(name + " zmm17,zmm6,DWORD PTR " + source, a -> a.op(op, new Zmm(17), new Zmm(6), b));
                }
            }
        }
    }

    /** Comparisons, and moves under the masks that they leave. */
    private void masks() {
        for (int[] r : REGISTERS) {
            for (int number : new int[] {1, 2, 7}) {
                Mask k = new Mask(number);
                String under = "{k" + number + "}";
                Zmm d = new Zmm(r[0]);
                Zmm s = new Zmm(r[1]);
                add("vcmpps k" + number + "," + zmm(r[0], r[1]) + ",5", a -> a.compare(VectorOp.VCMPPS, k, d, s, 5));
                add("vmovups zmm" + r[0] + under + "{z},zmm" + r[1], a -> a.zeroing(VectorOp.VMOVUPS, d, k, s));
                add("vmovups zmm" + r[0] + under + ",zmm" + r[1], a -> a.merging(VectorOp.VMOVUPS, d, k, s));
                for (Address m : addresses(32)) {
                    String place = at(m.base(), m.disp());
                    for (VectorOp op : List.of(VectorOp.VPMOVZXWD, VectorOp.VCVTPH2PS)) {
                        add(mnemonic(op) + " zmm" + r[0] + under + "{z}," + place, a -> a.zeroing(op, d, k, m));
                    }
                }
                for (Address m : addresses(64)) {
                    String place = at(m.base(), m.disp());
                    add("vmovups zmm" + r[0] + under + "{z}," + place, a -> a.zeroing(VectorOp.VMOVUPS, d, k, m));
                    add("vmovups zmm" + r[0] + under + "," + place, a -> a.merging(VectorOp.VMOVUPS, d, k, m));
                    add("vmovups " + place + under + ",zmm" + r[0], a -> a.store(VectorOp.VMOVUPS_STORE, m, k, d));
                }
            }
        }
        for (int number : new int[] {1, 5, 7}) {
            add("kmovw k" + number + ",eax", a -> a.maskFromRax(new Mask(number)));
        }
    }

    private void narrow(String text, Consumer<Assembler> emit) {
        cases.add(new Case("{vex} " + text.replace("zmm", "ymm"), Encoding.VEX_256, emit));
    }

    private void narrow(VectorOp op) {
        String name = mnemonic(op);
        if (Set.of(VectorOp.VPANDD, VectorOp.VPORD, VectorOp.VPXORD).contains(op)) {
            name = name.substring(0, name.length() - 1);
        }
        boolean shift = op.digit() != VectorOp.NO_DIGIT;
        for (int[] r : LOW_REGISTERS) {
            Zmm d = new Zmm(r[0]);
            Zmm s = new Zmm(r[1]);
            Zmm t = new Zmm(r[2]);
            if (shift) {
                narrow(name + " " + zmm(r[0], r[2]) + ",5", a -> a.op(op, d, t, 5));
            } else if (ONE_SOURCE.contains(op) && !FROM_MEMORY.contains(op)) {
                narrow(name + " " + zmm(r[0], r[2]), a -> a.op(op, d, t));
            } else if (!STORES.contains(op) && !FROM_MEMORY.contains(op)) {
                narrow(name + " " + zmm(r), a -> a.op(op, d, s, t));
            }
        }
        for (Address m : addresses(1)) {
            String place = at(m.base(), m.disp());
            if (STORES.contains(op)) {
                narrow(name + " " + place + ",zmm11", a -> a.store(op, m, new Zmm(11)));
            } else if (ONE_SOURCE.contains(op)) {
                narrow(name + " zmm13," + place, a -> a.op(op, new Zmm(13), m));
            } else if (!shift) {
                narrow(name + " zmm13,zmm4," + place, a -> a.op(op, new Zmm(13), new Zmm(4), m));
            }
        }
    }

    private void memory(VectorOp op, String name, Address m) {
        String place = at(m.base(), m.disp());
        if (FROM_INTEGER.contains(op)) {
            return;
        }
        if (STORES.contains(op)) {
            if (IMMEDIATE.contains(op)) {
                add(name + " " + place + ",zmm11,3", a -> a.store(op, m, new Zmm(11), 3));
            } else {
                add(name + " " + place + ",zmm11", a -> a.store(op, m, new Zmm(11)));
            }
        } else if (op.digit() != VectorOp.NO_DIGIT || ONE_SOURCE_IMMEDIATE.contains(op)) {
            add(name + " zmm21," + place + ",7", a -> a.op(op, new Zmm(21), m, 7));
        } else if (ONE_SOURCE.contains(op)) {
            String first = op == VectorOp.VCVTPD2PS ? " ymm21,ZMMWORD PTR " : " zmm21,";
            add(name + first + place, a -> a.op(op, new Zmm(21), m));
        } else if (IMMEDIATE.contains(op)) {
            add(name + " zmm21,zmm12," + place + ",78", a -> a.op(op, new Zmm(21), new Zmm(12), m, 78));
        } else if (op == VectorOp.VADDSD) {
            add(name + " xmm21,xmm12," + place, a -> a.op(op, new Zmm(21), new Zmm(12), m));
        } else {
            add(name + " zmm21,zmm12," + place, a -> a.op(op, new Zmm(21), new Zmm(12), m));
        }
    }
}
