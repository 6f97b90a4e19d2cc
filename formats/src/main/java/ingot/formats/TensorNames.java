package ingot.formats;

import java.nio.file.Path;
import java.util.Optional;

/** What a tensor may be called in any format. */
public final class TensorNames {
    /** Longest name accepted, in characters. */
    public static final int MAX_LENGTH = 4096;

    private TensorNames() {}

    /** @throws IngotException.BadData for a name with a {@link #fault} */
    public static void require(String name, Path file) {
        fault(name).ifPresent(reason -> {
            throw IngotException.BadData.tensor(file, name, reason);
        });
    }

    /** What is wrong with a name that is empty, longer than {@link #MAX_LENGTH} or has control characters. */
    public static Optional<String> fault(String name) {
        if (name.isEmpty()) {
            return Optional.of("empty tensor name");
        }
        if (name.length() > MAX_LENGTH) {
            return Optional.of("name of " + name.length() + " characters; at most " + MAX_LENGTH + " are accepted");
        }
        for (int i = 0; i < name.length(); i++) {
            if (Character.isISOControl(name.charAt(i))) {
                return Optional.of("control character in the name");
            }
        }
        return Optional.empty();
    }
}
