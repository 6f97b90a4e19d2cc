package ingot.tests.hostile;

import ingot.formats.DType;
import ingot.formats.adapter.AdapterSource;
import ingot.formats.block.Layout;
import ingot.formats.gguf.GgufFile;
import ingot.formats.hf.HfFolder;
import ingot.formats.ingot.IngotFile;
import ingot.formats.quantized.Quantization;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.formats.signing.ModelSignature;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.formats.torch.TorchFile;
import ingot.quant.calibration.CalibrationSet;
import ingot.runtime.golden.GoldenFile;
import ingot.runtime.model.WeightSpec;
import ingot.runtime.template.ChatTemplate;
import java.util.List;
import java.util.Locale;

/** Everything that reads what strangers made. Each has {@link FuzzInputs}. */
enum FuzzTarget {
    /** A safetensors file. */
    SAFETENSORS(FuzzReaders::safetensors, Form.JSON_INSIDE, SafetensorsFile.class, DType.class),
    /** A PyTorch checkpoint, seeded with archives. */
    TORCH_ZIP(FuzzReaders::torch, Form.BYTES, TorchFile.class),
    /** {@code data.pkl} of an archive whose checksums are right. */
    TORCH_PICKLE(FuzzReaders::pickle, Form.BYTES, TorchFile.class),
    /** A PyTorch checkpoint, seeded with files of torch before 1.6. */
    TORCH_LEGACY(FuzzReaders::torch, Form.BYTES, TorchFile.class),
    /** A GGUF file with everything that is made of its metadata. */
    GGUF(FuzzReaders::gguf, Form.BYTES, GgufFile.class),
    /** An {@code .ingot} file. */
    INGOT(FuzzReaders::ingot, Form.JSON_INSIDE, IngotFile.class, SafetensorsFile.class, DType.class),
    /** The manifest of an {@code .ingot} file whose checksums are right. */
    INGOT_MANIFEST(FuzzReaders::manifest, Form.JSON, IngotFile.class, Layout.class, HfFolder.class),
    /** The tokenizer inside an {@code .ingot} file. */
    INGOT_TOKENIZER(FuzzReaders::storedTokenizer, Form.JSON_INSIDE, TokenizerReader.class),
    /** {@code config.json} of a folder that is opened. */
    CONFIG(FuzzReaders::config, Form.JSON, HfFolder.class, Quantization.class),
    /** {@code generation_config.json} of a folder that is opened. */
    GENERATION(FuzzFolders::generation, Form.JSON, HfFolder.class),
    /** {@code tokenizer.json}; what it describes then encodes and decodes. */
    TOKENIZER(FuzzReaders::tokenizer, Form.JSON, TokenizerReader.class),
    /** {@code tokenizer_config.json} beside a right tokenizer. */
    TOKENIZER_CONFIG(FuzzReaders::tokenizerConfig, Form.JSON, TokenizerReader.class),
    /** {@code vocab.json}, {@code merges.txt}, {@code added_tokens.json}, {@code special_tokens_map.json}. */
    TOKENIZER_VOCAB(FuzzFolders::vocabulary, Form.JSON_INSIDE, TokenizerReader.class),
    /** {@code qwen.tiktoken}. */
    TOKENIZER_RANKS(FuzzReaders::ranks, Form.BYTES),
    /** The index of two shards that are right. */
    INDEX(FuzzReaders::index, Form.JSON, HfFolder.class),
    /** A LoRA adapter: its settings, its tensors described, merged into a base. */
    ADAPTER(FuzzFolders::adapter, Form.JSON, AdapterSource.class, DType.class),
    /** A quantized checkpoint: its settings and tensors described. */
    QUANTIZED(FuzzFolders::quantized, Form.JSON, Quantization.class, DType.class),
    /** A whole checkpoint: its settings and tensors described; it computes one token. */
    MODEL(FuzzFolders::model, Form.JSON, HfFolder.class, WeightSpec.class, DType.class),
    /** A golden file: its tensors described. */
    GOLDEN(FuzzFolders::golden, Form.JSON, GoldenFile.class, DType.class),
    /** A file of log-probabilities. */
    LOGITS(FuzzFolders::logits, Form.BYTES),
    /** A text, or lines of texts or of token ids, to calibrate with. */
    CALIBRATION(FuzzFolders::calibration, Form.JSON_INSIDE, CalibrationSet.class),
    /** A bundle beside the model it may sign. */
    SIGNATURE(FuzzSignatures::bundle, Form.JSON, ModelSignature.class),
    /** The statement inside a bundle, with a signature that is right for it. */
    SIGNATURE_STATEMENT(FuzzSignatures::statement, Form.JSON, ModelSignature.class),
    /** A chat template, compiled and rendered. */
    TEMPLATE(FuzzReaders::template, Form.BYTES, ChatTemplate.class);

    /** What the words of a reader look like in its input. */
    enum Form {
        /** One JSON document. */
        JSON,
        /** JSON among other things. */
        JSON_INSIDE,
        /** As they are. */
        BYTES
    }

    private final FuzzReader.Maker maker;
    private final Form form;
    private final List<Class<?>> readers;

    FuzzTarget(FuzzReader.Maker maker, Form form, Class<?>... readers) {
        this.maker = maker;
        this.form = form;
        this.readers = List.of(readers);
    }

    FuzzReader.Maker maker() {
        return maker;
    }

    Form form() {
        return form;
    }

    /** A class of each package whose names occur in the input. */
    List<Class<?>> readers() {
        return readers;
    }

    /** The name on the command line, and of the corpus. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static FuzzTarget of(String label) {
        return valueOf(label.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    /** Prints every target, for scripts. */
    public static void main(String[] args) {
        for (FuzzTarget target : values()) {
            System.out.println(target.label());
        }
    }
}
