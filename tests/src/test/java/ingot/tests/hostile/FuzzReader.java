package ingot.tests.hostile;

import java.io.IOException;
import java.nio.file.Path;

/** Reads bytes that anybody may have made, as deeply as opening a model does. */
@FunctionalInterface
interface FuzzReader {
    /**
     * @throws ingot.formats.IngotException when the input is refused
     * @throws IOException when the input cannot be put where the reader looks for it
     */
    void read(byte[] input) throws IOException;

    /** Makes the reader of a target; what it needs besides the input goes into {@code folder}. */
    @FunctionalInterface
    interface Maker {
        FuzzReader in(Path folder) throws IOException;
    }
}
