package ingot.runtime.model;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What one checkpoint calls the tensors of a decoder. Checkpoints of the bare decoder lack the usual prefix; those of a model
 * that wraps it have another one ({@code model.language_model.} where config.json is the decoder's own, {@code
 * language_model.model.} of older tools), found by where the embedding and the first layer lie.
 *
 * @param names as the graph has them
 * @param prefix of everything but the head; ends in a dot or is empty
 * @param head name of the output head
 */
record StoredNames(ModelNames names, String prefix, String head) {
    /** Modules that have an embedding and layers of their own beside the decoder's. */
    private static final Pattern OTHER =
            Pattern.compile("(^|\\.)(mtp|talker|visual|vision_tower|audio|audio_tower)\\.");

    static StoredNames of(ModelNames names, Set<String> stored) {
        String prefix = prefix(names, stored);
        return new StoredNames(names, prefix, head(names, prefix, stored));
    }

    private static String prefix(ModelNames names, Set<String> stored) {
        String embedding = names.bare(names.embedding());
        if (stored.contains(names.embedding()) || stored.contains(embedding)) {
            return names.prefix();
        }
        List<String> found = stored.stream()
                .filter(name -> name.endsWith("." + embedding))
                .map(name -> name.substring(0, name.length() - embedding.length()))
                .filter(prefix -> !OTHER.matcher(prefix).find())
                .toList();
        // None or several: the graph's own names, so that the error says what is expected.
        return found.size() == 1 ? found.getFirst() : names.prefix();
    }

    /** The head lies beside the decoder: in the module around it, or further out. */
    private static String head(ModelNames names, String prefix, Set<String> stored) {
        for (String outer = prefix;
                !outer.isEmpty();
                outer = outer.substring(0, outer.lastIndexOf('.', outer.length() - 2) + 1)) {
            if (stored.contains(outer + names.head())) {
                return outer + names.head();
            }
        }
        return names.head();
    }

    /** The stored name of a weight of the graph, or null where the checkpoint has none. */
    @Nullable
    String find(String name, Set<String> stored) {
        if (name.equals(names.head())) {
            return stored.contains(head) ? head : null;
        }
        String bare = names.bare(name);
        for (String candidate : List.of(name, prefix + bare, bare)) {
            if (stored.contains(candidate)) {
                return candidate;
            }
        }
        return null;
    }

    /** A stored name without whichever prefix it has. */
    String bare(String stored) {
        return !prefix.isEmpty() && stored.startsWith(prefix) ? stored.substring(prefix.length()) : names.bare(stored);
    }
}
