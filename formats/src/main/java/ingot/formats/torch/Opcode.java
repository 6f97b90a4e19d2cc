package ingot.formats.torch;

import java.util.Optional;

/**
 * Every instruction of pickle protocols 0 to 5, by the names of Python's {@code pickletools}. {@link Unpickler} carries out
 * those that {@code torch.save} writes and refuses the others by name.
 */
enum Opcode {
    // What torch.save writes with protocol 2.
    PROTO(0x80),
    STOP('.'),
    GLOBAL('c'),
    REDUCE('R'),
    BUILD('b'),
    BINPERSID('Q'),
    MARK('('),
    TUPLE('t'),
    TUPLE1(0x85),
    TUPLE2(0x86),
    TUPLE3(0x87),
    EMPTY_TUPLE(')'),
    EMPTY_LIST(']'),
    EMPTY_DICT('}'),
    NONE('N'),
    NEWTRUE(0x88),
    NEWFALSE(0x89),
    BININT('J'),
    BININT1('K'),
    BININT2('M'),
    LONG1(0x8a),
    BINFLOAT('G'),
    BINUNICODE('X'),
    SHORT_BINSTRING('U'),
    BINPUT('q'),
    LONG_BINPUT('r'),
    BINGET('h'),
    LONG_BINGET('j'),
    SETITEM('s'),
    SETITEMS('u'),
    APPEND('a'),
    APPENDS('e'),
    // What nothing needs, or what runs code.
    POP('0'),
    POP_MARK('1'),
    DUP('2'),
    FLOAT('F'),
    INT('I'),
    LONG('L'),
    PERSID('P'),
    STRING('S'),
    BINSTRING('T'),
    UNICODE('V'),
    DICT('d'),
    GET('g'),
    INST('i'),
    LIST('l'),
    OBJ('o'),
    PUT('p'),
    NEWOBJ(0x81),
    EXT1(0x82),
    EXT2(0x83),
    EXT4(0x84),
    LONG4(0x8b),
    BINBYTES('B'),
    SHORT_BINBYTES('C'),
    SHORT_BINUNICODE(0x8c),
    BINUNICODE8(0x8d),
    BINBYTES8(0x8e),
    EMPTY_SET(0x8f),
    ADDITEMS(0x90),
    FROZENSET(0x91),
    NEWOBJ_EX(0x92),
    STACK_GLOBAL(0x93),
    MEMOIZE(0x94),
    FRAME(0x95),
    BYTEARRAY8(0x96),
    NEXT_BUFFER(0x97),
    READONLY_BUFFER(0x98);

    private static final Opcode[] BY_CODE = byCode();

    private final int code;

    Opcode(int code) {
        this.code = code;
    }

    private static Opcode[] byCode() {
        Opcode[] table = new Opcode[256];
        for (Opcode op : values()) {
            table[op.code] = op;
        }
        return table;
    }

    /** @param code the byte, 0 to 255 */
    static Optional<Opcode> of(int code) {
        return Optional.ofNullable(BY_CODE[code]);
    }
}
