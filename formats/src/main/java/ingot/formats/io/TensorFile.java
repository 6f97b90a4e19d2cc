package ingot.formats.io;

import ingot.formats.TensorSource;
import java.nio.file.Path;

/** Tensors that one file holds, whatever its format. */
public interface TensorFile extends TensorSource {
    /** The file itself, for hashing and for the check that it did not change. */
    InputFile input();

    default Path path() {
        return input().path();
    }

    /** Length of the whole file in bytes. */
    default long size() {
        return input().size();
    }
}
