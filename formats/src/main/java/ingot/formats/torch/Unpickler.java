package ingot.formats.torch;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.torch.PickleValue.Big;
import ingot.formats.torch.PickleValue.Constant;
import ingot.formats.torch.PickleValue.Dict;
import ingot.formats.torch.PickleValue.Real;
import ingot.formats.torch.PickleValue.Sequence;
import ingot.formats.torch.PickleValue.Tuple;
import ingot.formats.torch.PickleValue.Whole;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Interprets one pickle of protocol 2 as data: the instructions {@code torch.save} writes, on a bounded stack, with a
 * bounded memo, calling nothing. Source: the instruction descriptions in Python's {@code pickletools}.
 */
final class Unpickler {
    private static final int MAX_MEMO = 1_500_000;

    /** Longest string; names of tensors have about 100 bytes. */
    private static final long MAX_STRING = 1 << 20;

    /** Longest module or attribute name. */
    private static final int MAX_GLOBAL = 200;

    private final PickleInput in;
    private final TensorBuilder builder;
    private final PickleStack stack = new PickleStack(this::bad);
    private @Nullable PickleValue[] memo = new @Nullable PickleValue[256];
    /** Where the instruction being carried out begins. */
    private long at;

    private Unpickler(PickleInput in, TensorBuilder builder) {
        this.in = in;
        this.builder = builder;
    }

    /**
     * Reads one pickle; {@code in} stands behind its STOP afterwards.
     *
     * @throws IngotException.BadData for anything but a well-formed pickle of data
     */
    static PickleValue read(PickleInput in, TensorBuilder builder) {
        return new Unpickler(in, builder).run();
    }

    private PickleValue run() {
        at = in.position();
        if (in.u8() != 0x80 || in.u8() != 2) {
            throw bad("not a pickle of protocol 2, which torch.save writes");
        }
        while (true) {
            at = in.position();
            int code = in.u8();
            Opcode op = Opcode.of(code).orElseThrow(() -> bad(String.format("0x%02x is no pickle instruction", code)));
            if (op == Opcode.STOP) {
                PickleValue result = stack.last();
                PickleGraph.requireTree(result, in.path());
                return result;
            }
            step(op);
        }
    }

    private void step(Opcode op) {
        switch (op) {
            case MARK -> stack.mark();
            case NONE -> push(Constant.NONE);
            case NEWTRUE -> push(Constant.TRUE);
            case NEWFALSE -> push(Constant.FALSE);
            case BININT -> push(new Whole(in.i32()));
            case BININT1 -> push(new Whole(in.u8()));
            case BININT2 -> push(new Whole(in.u16()));
            case LONG1 -> push(integer(in.bytes(in.u8())));
            case BINFLOAT -> push(new Real(in.f64()));
            case BINUNICODE -> push(new PickleValue.Text(string(in.i32() & 0xFFFF_FFFFL)));
            // Python 2 wrote keys as bytes; torch's are ASCII.
            case SHORT_BINSTRING ->
                push(new PickleValue.Text(new String(in.bytes(in.u8()), StandardCharsets.ISO_8859_1)));
            case EMPTY_TUPLE -> push(new Tuple(List.of()));
            case EMPTY_LIST -> push(new Sequence(new ArrayList<>()));
            case EMPTY_DICT -> push(new Dict(false));
            case TUPLE -> push(new Tuple(stack.sinceMark()));
            case TUPLE1 -> push(new Tuple(stack.take(1)));
            case TUPLE2 -> push(new Tuple(stack.take(2)));
            case TUPLE3 -> push(new Tuple(stack.take(3)));
            case APPEND -> append(stack.take(1));
            case APPENDS -> append(stack.sinceMark());
            case SETITEM -> set(stack.take(2));
            case SETITEMS -> set(stack.sinceMark());
            case BINPUT -> put(in.u8());
            case LONG_BINPUT -> put(in.i32() & 0xFFFF_FFFFL);
            // What the memo holds is charged for.
            case BINGET -> stack.push(get(in.u8()));
            case LONG_BINGET -> stack.push(get(in.i32() & 0xFFFF_FFFFL));
            case GLOBAL -> push(global());
            case REDUCE -> {
                List<PickleValue> call = stack.take(2);
                push(builder.reduce(call.getFirst(), call.getLast(), at));
            }
            case BUILD -> build();
            case BINPERSID -> push(builder.storage(stack.pop(), at));
            case PROTO -> throw bad("PROTO inside a pickle");
            case STOP -> throw new IllegalStateException("handled by the caller");
            case POP,
                    POP_MARK,
                    DUP,
                    FLOAT,
                    INT,
                    LONG,
                    PERSID,
                    STRING,
                    BINSTRING,
                    UNICODE,
                    DICT,
                    GET,
                    INST,
                    LIST,
                    OBJ,
                    PUT,
                    NEWOBJ,
                    EXT1,
                    EXT2,
                    EXT4,
                    LONG4,
                    BINBYTES,
                    SHORT_BINBYTES,
                    SHORT_BINUNICODE,
                    BINUNICODE8,
                    BINBYTES8,
                    EMPTY_SET,
                    ADDITEMS,
                    FROZENSET,
                    NEWOBJ_EX,
                    STACK_GLOBAL,
                    MEMOIZE,
                    FRAME,
                    BYTEARRAY8,
                    NEXT_BUFFER,
                    READONLY_BUFFER ->
                throw bad("the pickle uses " + op + ", which a state dict does not need; nothing of it was executed");
        }
    }

    private String string(long bytes) {
        if (bytes > MAX_STRING && bytes <= in.end() - in.position()) {
            throw bad("a string of " + bytes + " bytes; at most " + MAX_STRING + " are accepted");
        }
        return in.utf8(bytes);
    }

    private void push(PickleValue value) {
        charge(PickleGraph.heap(value));
        stack.push(value);
    }

    private void charge(long bytes) {
        if (!builder.heap().take(bytes)) {
            throw bad("the values of the pickle take more than " + (PickleHeap.MOST >> 20)
                    + " MiB; save the state dict alone");
        }
    }

    private void append(List<PickleValue> items) {
        if (!(stack.top() instanceof Sequence list)) {
            throw bad("APPEND to something that is not a list");
        }
        charge(8L * items.size());
        list.items().addAll(items);
    }

    private void set(List<PickleValue> items) {
        if (!(stack.top() instanceof Dict dict)) {
            throw bad("SETITEM on something that is not a dict");
        }
        if (items.size() % 2 != 0) {
            throw bad("SETITEMS with a key that has no value");
        }
        charge(PickleGraph.ENTRY * (items.size() / 2L));
        for (int i = 0; i < items.size(); i += 2) {
            put(dict, items.get(i), items.get(i + 1));
        }
    }

    private void put(Dict dict, PickleValue key, PickleValue value) {
        if (!(key instanceof PickleValue.Text name)) {
            throw bad("a dict key that is not a string; save the state dict alone");
        }
        if (dict.items().putIfAbsent(name.value(), value) != null) {
            throw bad("two entries named " + Text.quote(name.value()) + " in one dict");
        }
    }

    /** Attributes of an OrderedDict, such as the versions of modules, are of no use here. */
    private void build() {
        stack.take(1);
        if (!(stack.top() instanceof Dict dict) || !dict.ordered()) {
            throw bad("BUILD on something that is not an OrderedDict");
        }
    }

    private void put(long index) {
        PickleValue value = stack.top();
        if (index >= MAX_MEMO) {
            throw bad("memo entry " + index + "; at most " + MAX_MEMO + " are accepted");
        }
        int i = (int) index;
        if (i >= memo.length) {
            memo = Arrays.copyOf(memo, Math.min(MAX_MEMO, Math.max(2 * memo.length, i + 1)));
        }
        memo[i] = value;
    }

    private PickleValue get(long index) {
        PickleValue value = index < memo.length ? memo[(int) index] : null;
        if (value == null) {
            throw bad("memo entry " + index + " was never stored");
        }
        return value;
    }

    private PickleValue global() {
        String module = in.line(MAX_GLOBAL);
        String name = in.line(MAX_GLOBAL);
        return PickleGlobal.of(module, name)
                .orElseThrow(() -> bad("the pickle refers to " + Text.quote(module + "." + name)
                        + ", which is not part of a state dict; nothing of it was executed"));
    }

    /** Two's complement with the low byte first; no bytes are 0. */
    private static PickleValue integer(byte[] littleEndian) {
        byte[] bytes = new byte[littleEndian.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = littleEndian[bytes.length - 1 - i];
        }
        BigInteger value = bytes.length == 0 ? BigInteger.ZERO : new BigInteger(bytes);
        return value.bitLength() < Long.SIZE ? new Whole(value.longValue()) : new Big(value);
    }

    private IngotException.BadData bad(String reason) {
        return in.bad(at, reason);
    }
}
