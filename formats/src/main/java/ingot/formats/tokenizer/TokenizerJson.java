package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.json.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * tokenizer.json of the Hugging Face tokenizers library, as far as Qwen tokenizers use it: a byte-level BPE model, NFC
 * or no normalizer, one known Split expression. Anything that would change the tokens is refused by name; truncation
 * and padding, which concern batches, are passed over.
 */
final class TokenizerJson {
    private final JsonFields root;
    private final JsonFields model;

    TokenizerJson(JsonFields root) {
        this.root = root;
        this.model = root.object("model");
        checkModel();
        checkDecoder();
        checkPostProcessor();
    }

    Vocabulary vocabulary(AddedTokenTable added) {
        ObjectNode vocab = model.object("vocab").node();
        return new VocabularyReader(root.file(), "model.vocab").vocabulary(vocab, added);
    }

    Merges merges(VocabularyIndex index) {
        return new VocabularyReader(root.file(), "model.merges").merges(model, index);
    }

    Normalization normalization() {
        JsonFields normalizer = root.optionalObject("normalizer");
        if (normalizer == null) {
            return Normalization.NONE;
        }
        List<JsonFields> steps = sequence(normalizer, "normalizers");
        if (steps.isEmpty()) {
            return Normalization.NONE;
        }
        if (steps.size() == 1 && steps.getFirst().string("type").equals("NFC")) {
            return Normalization.NFC;
        }
        throw unsupported(steps.getLast(), "normalizer", "NFC or none");
    }

    PreTokenization preTokenization() {
        List<JsonFields> steps = sequence(root.object("pre_tokenizer"), "pretokenizers");
        if (steps.size() != 2) {
            throw root.bad("pre_tokenizer", "has " + steps.size() + " steps; expected Split and ByteLevel");
        }
        JsonFields split = steps.get(0);
        JsonFields byteLevel = steps.get(1);
        if (!split.string("type").equals("Split")) {
            throw unsupported(split, "pre-tokenizer", "Split");
        }
        if (!byteLevel.string("type").equals("ByteLevel")) {
            throw unsupported(byteLevel, "pre-tokenizer", "ByteLevel");
        }
        refuse(split, "invert", split.flag("invert", false));
        refuse(byteLevel, "add_prefix_space", byteLevel.flag("add_prefix_space", true));
        refuse(byteLevel, "use_regex", byteLevel.flag("use_regex", true));
        if (!split.string("behavior").equals("Isolated")) {
            throw split.bad("behavior", Text.quote(split.string("behavior")) + " is not supported; expected Isolated");
        }
        return PreTokenization.of(split.object("pattern").string("Regex"), root.file());
    }

    private void checkModel() {
        if (!model.string("type").equals("BPE")) {
            throw unsupported(model, "tokenizer model", "BPE");
        }
        refuse(model, "byte_fallback", model.flag("byte_fallback", false));
        refuse(model, "ignore_merges", model.flag("ignore_merges", false));
        JsonNode dropout = model.get("dropout");
        if (dropout != null && Json.number(dropout) != 0) {
            throw model.bad("dropout", "is set; a tokenizer that draws random numbers is not supported");
        }
        for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            String text = model.optionalString(affix);
            if (text != null && !text.isEmpty()) {
                throw model.bad(affix, Text.quote(text) + " is not supported; expected none");
            }
        }
        // unk_token and fuse_unk have no effect: every byte is a token, so nothing is unknown.
        model.optionalString("unk_token");
        model.flag("fuse_unk", false);
    }

    private void checkDecoder() {
        JsonFields decoder = root.object("decoder");
        if (!decoder.string("type").equals("ByteLevel")) {
            throw unsupported(decoder, "decoder", "ByteLevel");
        }
    }

    private void checkPostProcessor() {
        JsonFields processor = root.optionalObject("post_processor");
        if (processor != null && !processor.string("type").equals("ByteLevel")) {
            throw unsupported(processor, "post-processor", "ByteLevel or none");
        }
    }

    /** The steps of a Sequence, or the one thing itself; nested sequences are not taken apart. */
    private static List<JsonFields> sequence(JsonFields fields, String steps) {
        if (!fields.string("type").equals("Sequence")) {
            return List.of(fields);
        }
        List<JsonFields> list = new ArrayList<>();
        for (JsonNode step : fields.array(steps)) {
            list.add(JsonFields.of(step, fields.file(), fields.path(steps + "[" + list.size() + "]")));
        }
        return list;
    }

    private static void refuse(JsonFields fields, String name, boolean set) {
        if (set) {
            throw fields.bad(name, "true is not supported; Qwen tokenizers have false");
        }
    }

    private static IngotException.BadData unsupported(JsonFields fields, String what, String expected) {
        return fields.bad(
                "type", what + " " + Text.quote(fields.string("type")) + " is not supported; expected " + expected);
    }
}
