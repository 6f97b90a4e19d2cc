/** What computes: model, kernels, tokenizer, chat template, sampling, verification and measuring. */
module ingot.runtime {
    requires transitive ingot.formats;
    requires jdk.incubator.vector;
    requires static transitive org.jspecify;

    exports ingot.runtime;
    exports ingot.runtime.kernel;
    exports ingot.runtime.sample;
    exports ingot.runtime.bench;
    exports ingot.runtime.golden;
    exports ingot.runtime.perplexity;
    exports ingot.runtime.verify;
}
