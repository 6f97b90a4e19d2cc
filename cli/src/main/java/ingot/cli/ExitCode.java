package ingot.cli;

import ingot.formats.IngotException;

/** Exit codes of sysexits.h, as far as Ingot uses them. */
public final class ExitCode {
    public static final int DONE = 0;
    /** A check ran and failed: parity, tolerance, signature. */
    public static final int CHECK_FAILED = 1;

    public static final int USAGE = 64;
    public static final int BAD_DATA = 65;
    public static final int MISSING_INPUT = 66;
    public static final int BUG = 70;
    public static final int OUT_OF_RESOURCES = 71;
    public static final int CANNOT_CREATE = 73;
    public static final int READ_WRITE = 74;
    public static final int BUSY = 75;
    public static final int DENIED = 77;
    public static final int CONFIG = 78;

    private ExitCode() {}

    static int of(IngotException e) {
        return switch (e) {
            case IngotException.Usage _ -> USAGE;
            case IngotException.BadData _ -> BAD_DATA;
            case IngotException.NotAuthentic _ -> CHECK_FAILED;
            case IngotException.MissingInput _ -> MISSING_INPUT;
            case IngotException.OutOfResources _ -> OUT_OF_RESOURCES;
            case IngotException.CannotCreate _ -> CANNOT_CREATE;
            case IngotException.ReadWrite _ -> READ_WRITE;
            case IngotException.Busy _ -> BUSY;
            case IngotException.Denied _ -> DENIED;
            case IngotException.ConfigMismatch _ -> CONFIG;
        };
    }
}
