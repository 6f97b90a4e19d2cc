package ingot.formats;

import java.nio.file.Path;

/** What a tensor may be called in any format. */
public final class TensorNames {
    /** Longest name accepted, in characters. */
    public static final int MAX_LENGTH = 4096;

    private TensorNames() {}

    /** @throws IngotException.BadData for a name that is empty, longer than {@link #MAX_LENGTH} or has control characters */
    public static void require(String name, Path file) {
        if (name.isEmpty()) {
            throw IngotException.BadData.tensor(file, name, "empty tensor name");
        }
        if (name.length() > MAX_LENGTH) {
            throw IngotException.BadData.tensor(
                    file, name, "name of " + name.length() + " characters; at most " + MAX_LENGTH + " are accepted");
        }
        if (name.chars().anyMatch(Character::isISOControl)) {
            throw IngotException.BadData.tensor(file, name, "control character in the name");
        }
    }
}
