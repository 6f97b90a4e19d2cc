package ingot.formats.tokenizer;

import ingot.formats.json.Json;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes a tokenizer as the JSON of the Hugging Face tokenizers library. */
final class TokenizerJsonWriter {
    private TokenizerJsonWriter() {}

    /** tokenizer.json with the keys in the order of the library. */
    static ObjectNode tokenizerJson(TokenizerData data) {
        ObjectNode root = Json.object();
        root.put("version", "1.0");
        root.putNull("truncation");
        root.putNull("padding");
        ArrayNode added = root.putArray("added_tokens");
        data.addedTokens().forEach(token -> added.add(addedToken(token)));
        switch (data.normalization()) {
            case NONE -> root.putNull("normalizer");
            case NFC -> root.putObject("normalizer").put("type", "NFC");
        }
        ArrayNode steps =
                root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
        ObjectNode split = steps.addObject().put("type", "Split");
        split.putObject("pattern").put("Regex", data.preTokenization().expression());
        split.put("behavior", "Isolated").put("invert", false);
        steps.add(byteLevel());
        root.set("post_processor", byteLevel());
        root.set("decoder", byteLevel());
        root.set("model", model(data));
        return root;
    }

    /** vocab.json: byte-level text to id, in id order. */
    static ObjectNode vocab(Vocabulary vocabulary) {
        ObjectNode vocab = Json.object();
        for (int id = 0; id < vocabulary.size(); id++) {
            vocab.put(ByteLevel.encode(vocabulary.token(id)), id);
        }
        return vocab;
    }

    /** {@code left right} in byte-level text, in which neither part can hold a space. */
    static String merge(TokenizerData data, int rank) {
        Merges merges = data.merges();
        return ByteLevel.encode(data.vocabulary().token(merges.left(rank))) + " "
                + ByteLevel.encode(data.vocabulary().token(merges.right(rank)));
    }

    /** An added token with its flags, as tokenizer.json lists it. */
    static ObjectNode addedToken(AddedToken token) {
        return flags(Json.object().put("id", token.id()), token);
    }

    /** A tokenizer_config.json for a tokenizer that came without one. */
    static ObjectNode tokenizerConfig(TokenizerData data) {
        ObjectNode root = Json.object();
        root.put("add_prefix_space", false);
        ObjectNode decoder = root.putObject("added_tokens_decoder");
        data.addedTokens().forEach(token -> flags(decoder.putObject(Integer.toString(token.id())), token));
        root.put("bos_token", data.config().bosToken());
        String template = data.config().chatTemplate();
        if (template != null) {
            root.put("chat_template", template);
        }
        root.put("clean_up_tokenization_spaces", false);
        root.put("eos_token", data.config().eosToken());
        root.put("errors", "replace");
        root.put("pad_token", data.config().padToken());
        if (data.preTokenization() != PreTokenization.QWEN2) {
            root.put("pretokenize_regex", data.preTokenization().expression());
        }
        root.put("split_special_tokens", false);
        root.put("tokenizer_class", "Qwen2Tokenizer");
        root.putNull("unk_token");
        return root;
    }

    private static ObjectNode flags(ObjectNode node, AddedToken token) {
        AddedToken.Flags flags = token.flags();
        return node.put("content", token.content())
                .put("single_word", flags.singleWord())
                .put("lstrip", flags.lstrip())
                .put("rstrip", flags.rstrip())
                .put("normalized", flags.normalized())
                .put("special", flags.special());
    }

    private static ObjectNode byteLevel() {
        return Json.object()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", false)
                .put("use_regex", false);
    }

    private static ObjectNode model(TokenizerData data) {
        ObjectNode model = Json.object().put("type", "BPE");
        model.putNull("dropout");
        model.putNull("unk_token");
        model.put("continuing_subword_prefix", "").put("end_of_word_suffix", "");
        model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
        model.set("vocab", vocab(data.vocabulary()));
        ArrayNode merges = model.putArray("merges");
        for (int rank = 0; rank < data.merges().size(); rank++) {
            merges.add(merge(data, rank));
        }
        return model;
    }
}
