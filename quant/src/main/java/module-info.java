/** What makes it small: quantization schemes and the streaming converter. */
module ingot.quant {
    requires transitive ingot.runtime;
    requires static transitive org.jspecify;

    exports ingot.quant;
    exports ingot.quant.allocation;
    exports ingot.quant.calibration;
    exports ingot.quant.gptq;
    exports ingot.quant.transform;
}
