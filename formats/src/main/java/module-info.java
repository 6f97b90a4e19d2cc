/** What is on disk: data types, safetensors, PyTorch files, Hugging Face folders, tokenizer files, block layouts and the .ingot file. */
module ingot.formats {
    requires transitive tools.jackson.databind;
    requires org.apache.commons.compress;
    requires static transitive org.jspecify;

    exports ingot.formats;
    exports ingot.formats.adapter;
    exports ingot.formats.block;
    exports ingot.formats.gguf;
    exports ingot.formats.hf;
    exports ingot.formats.ingot;
    exports ingot.formats.io;
    exports ingot.formats.json;
    exports ingot.formats.quantized;
    exports ingot.formats.safetensors;
    exports ingot.formats.signing;
    exports ingot.formats.tokenizer;
    exports ingot.formats.torch;
}
