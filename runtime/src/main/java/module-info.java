/** What computes: model, kernels, tokenizer, chat template, sampling, verification and measuring. */
module ingot.runtime {
    requires transitive ingot.formats;
    requires jdk.incubator.vector;
    requires static transitive org.jspecify;

    exports ingot.runtime;
    exports ingot.runtime.template;
}
