/** What computes: model, kernels, tokenizer, chat template, sampling, verification and measuring. */
module ingot.runtime {
    requires transitive ingot.formats;
    // Static: resolved at run time only by those who compute with vectors (docs/decisions/0003-vector-module.md).
    requires static jdk.incubator.vector;
    requires static transitive org.jspecify;

    exports ingot.runtime.bench;
    exports ingot.runtime.golden;
    exports ingot.runtime.kernel;
    exports ingot.runtime.kv;
    exports ingot.runtime.model;
    exports ingot.runtime.perplexity;
    exports ingot.runtime.sample;
    exports ingot.runtime.template;
    exports ingot.runtime.tokenizer;
    exports ingot.runtime.verify;
    exports ingot.runtime;
}
