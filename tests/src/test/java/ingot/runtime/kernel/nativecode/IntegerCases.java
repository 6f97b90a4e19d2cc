package ingot.runtime.kernel.nativecode;

import ingot.runtime.kernel.nativecode.IntegerAssembler.Condition;
import ingot.runtime.kernel.nativecode.Operand.Address;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Those of {@link EncodingCases} on integer registers, and jumps. */
final class IntegerCases {
    private final BiConsumer<String, Consumer<Assembler>> cases;

    private IntegerCases(BiConsumer<String, Consumer<Assembler>> cases) {
        this.cases = cases;
    }

    /** Adds them to {@code cases}, in the order in which they were recorded. */
    static void all(BiConsumer<String, Consumer<Assembler>> cases) {
        new IntegerCases(cases).all();
    }

    private void add(String text, Consumer<Assembler> emit) {
        cases.accept(text, emit);
    }

    private void all() {
        for (Gpr r : new Gpr[] {Gpr.RCX, Gpr.RDI, Gpr.R8, Gpr.R13}) {
            String name = r.name().toLowerCase(Locale.ROOT);
            add("mov " + name + ",rdx", a -> a.mov(r, Gpr.RDX));
            add("mov rdx," + name, a -> a.mov(Gpr.RDX, r));
            add("mov " + name + ",[rsp+8]", a -> a.mov(r, new Address(Gpr.RSP, 8)));
            add("mov r9,[" + name + "+400]", a -> a.mov(Gpr.R9, new Address(r, 400)));
            add("mov [" + name + "+4],ebx", a -> a.store32(new Address(r, 4), Gpr.RBX));
            add("mov [" + name + "+6],bx", a -> a.store16(new Address(r, 6), Gpr.RBX));
            add("mov [rdi],r9w", a -> a.store16(new Address(Gpr.RDI, 0), Gpr.R9));
            add("mov eax,[" + name + "+4]", a -> a.load32(Gpr.RAX, new Address(r, 4)));
            add("mov r9d,[rdi]", a -> a.load32(Gpr.R9, new Address(Gpr.RDI, 0)));
            add("or " + name + ",rdx", a -> a.or(r, Gpr.RDX));
            add("mov [rdi],r10d", a -> a.store32(new Address(Gpr.RDI, 0), Gpr.R10));
            add("movabs " + name + ",0x123456789abcdef0", a -> a.mov(r, 0x1234_5678_9ABC_DEF0L));
            add("add " + name + ",r11", a -> a.add(r, Gpr.R11));
            add("add " + name + ",80", a -> a.add(r, 80));
            add("add " + name + ",-128", a -> a.add(r, -128));
            add("add " + name + ",2176", a -> a.add(r, 2176));
            add("imul " + name + ",r10", a -> a.imul(r, Gpr.R10));
            add("imul rax," + name, a -> a.imul(Gpr.RAX, r));
            add("shl " + name + ",5", a -> a.shl(r, 5));
            add("shr " + name + ",32", a -> a.shr(r, 32));
            add("sub " + name + ",16", a -> a.sub(r, 16));
            add("sub " + name + ",1024", a -> a.sub(r, 1024));
            add("mov eax," + low(r), a -> a.low32(Gpr.RAX, r));
            add("mov " + low(r) + ",r9d", a -> a.low32(r, Gpr.R9));
            add("bzhi eax," + low(r) + ",r10d", a -> a.bzhi32(Gpr.RAX, r, Gpr.R10));
            add("bzhi " + low(r) + ",eax,ecx", a -> a.bzhi32(r, Gpr.RAX, Gpr.RCX));
            add("bzhi r11d,eax," + low(r), a -> a.bzhi32(Gpr.R11, Gpr.RAX, r));
            add("dec " + name, a -> a.dec(r));
            add("push " + name, a -> a.push(r));
            add("pop " + name, a -> a.pop(r));
            add("prefetcht0 [" + name + "+4096]", a -> a.prefetcht0(new Address(r, 4096)));
        }
        add("cpuid", Assembler::cpuid);
        add("xgetbv", Assembler::xgetbv);
        add("vzeroupper", Assembler::vzeroupper);
        add("ret", Assembler::ret);
        for (Condition when : Condition.values()) {
            String name = List.of("jo", "jno", "jb", "jnb", "jz", "jnz").get(when.ordinal());
            add("1: nop; " + name + " 1b", a -> {
                Label to = new Label();
                a.bind(to);
                a.nop();
                a.jump(when, to);
            });
        }
        jump(3, false);
        jump(126, false);
        jump(127, false);
        jump(40_000, false);
        jump(200, true);
    }

    /** The lower half of a register. */
    private static String low(Gpr r) {
        String name = r.name().toLowerCase(Locale.ROOT);
        return r.number() > 7 ? name + "d" : name.replace('r', 'e');
    }

    /** A jump over so many bytes, backward or forward. */
    private void jump(int bytes, boolean forward) {
        String fill = ".fill " + bytes + ",1,0x90";
        if (forward) {
            add("jnz 1f; " + fill + "; 1:", a -> {
                Label to = new Label();
                a.jnz(to);
                nothing(a, bytes);
                a.bind(to);
            });
        } else {
            add("1: " + fill + "; jnz 1b", a -> {
                Label to = new Label();
                a.bind(to);
                nothing(a, bytes);
                a.jnz(to);
            });
        }
    }

    private static void nothing(Assembler a, int bytes) {
        for (int i = 0; i < bytes; i++) {
            a.nop();
        }
    }
}
