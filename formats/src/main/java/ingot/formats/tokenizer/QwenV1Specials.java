package ingot.formats.tokenizer;

import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * The special tokens of Qwen v1, which stand in its tokenization_qwen.py and not in a data file: three control tokens
 * and 205 extras behind the ranks; Qwen-VL adds nine for boxes and images. The extras were renamed after the first
 * release, so the folder's tokenization_qwen.py, if there is one, is searched for the later spelling (never run).
 */
final class QwenV1Specials {
    private static final long MAX_SCRIPT_BYTES = 1 << 20;
    private static final List<String> CONTROL = List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");
    private static final List<String> FIRST_EXTRAS = List.of("<R>", "<S>", "<X>", "<mask>", "<sep>");
    private static final int EXTRAS = 205;
    private static final List<String> VISION =
            List.of("<ref>", "</ref>", "<box>", "</box>", "<quad>", "</quad>", "<img>", "</img>", "<imgpad>");

    private QwenV1Specials() {}

    /** Adds the special tokens behind {@code ranks} ranks. */
    static void addTo(AddedTokenTable added, int ranks, Path folder) {
        int id = ranks;
        for (String content : contents(folder)) {
            added.put(new AddedToken(id, content, AddedToken.Flags.CONTROL), folder, "special tokens of Qwen v1");
            id++;
        }
    }

    private static List<String> contents(Path folder) {
        boolean vision = hasVision(folder);
        List<String> contents = new ArrayList<>(CONTROL);
        if (vision || hasLaterNames(folder)) {
            for (int i = 0; i < EXTRAS; i++) {
                contents.add("<|extra_" + i + "|>");
            }
        } else {
            contents.addAll(FIRST_EXTRAS);
            for (int i = 0; i < EXTRAS - FIRST_EXTRAS.size(); i++) {
                contents.add("<extra_" + i + ">");
            }
        }
        if (vision) {
            contents.addAll(VISION);
        }
        return contents;
    }

    private static boolean hasLaterNames(Path folder) {
        Path script = Folders.companion(folder, "tokenization_qwen.py");
        return Files.exists(script)
                && new String(Json.readBytes(script, MAX_SCRIPT_BYTES), StandardCharsets.UTF_8).contains("<|extra_");
    }

    /** Qwen-VL is told from Qwen by the vision tower in its config.json. */
    private static boolean hasVision(Path folder) {
        Path config = Folders.companion(folder, "config.json");
        return Files.exists(config) && Json.readObject(config, JsonBound.CONFIG).get("visual") instanceof ObjectNode;
    }
}
