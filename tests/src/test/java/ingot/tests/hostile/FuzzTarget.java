package ingot.tests.hostile;

import java.util.Locale;

/** Everything that reads what strangers made. Each has {@link FuzzInputs}. */
enum FuzzTarget {
    /** A safetensors file. */
    SAFETENSORS(FuzzReaders::safetensors),
    /** A PyTorch checkpoint, seeded with archives. */
    TORCH_ZIP(FuzzReaders::torch),
    /** {@code data.pkl} of an archive whose checksums are right. */
    TORCH_PICKLE(FuzzReaders::pickle),
    /** A PyTorch checkpoint, seeded with files of torch before 1.6. */
    TORCH_LEGACY(FuzzReaders::torch),
    /** A GGUF file with everything that is made of its metadata. */
    GGUF(FuzzReaders::gguf),
    /** An {@code .ingot} file. */
    INGOT(FuzzReaders::ingot),
    /** The manifest of an {@code .ingot} file whose checksums are right. */
    INGOT_MANIFEST(FuzzReaders::manifest),
    /** The tokenizer inside an {@code .ingot} file. */
    INGOT_TOKENIZER(FuzzReaders::storedTokenizer),
    /** {@code config.json} of a folder that is opened. */
    CONFIG(FuzzReaders::config),
    /** {@code tokenizer.json}; what it describes then encodes and decodes. */
    TOKENIZER(FuzzReaders::tokenizer),
    /** {@code tokenizer_config.json} beside a right tokenizer. */
    TOKENIZER_CONFIG(FuzzReaders::tokenizerConfig),
    /** {@code qwen.tiktoken}. */
    TOKENIZER_RANKS(FuzzReaders::ranks),
    /** The index of two shards that are right. */
    INDEX(FuzzReaders::index),
    /** A chat template, compiled and rendered. */
    TEMPLATE(FuzzReaders::template);

    private final FuzzReader.Maker maker;

    FuzzTarget(FuzzReader.Maker maker) {
        this.maker = maker;
    }

    FuzzReader.Maker maker() {
        return maker;
    }

    /** The name on the command line, and of the corpus. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static FuzzTarget of(String label) {
        return valueOf(label.toUpperCase(Locale.ROOT).replace('-', '_'));
    }
}
