package ingot.runtime.model;

import ingot.runtime.kernel.Kernels;

/** What all layers of one decoder share. */
record DecoderParts(Kernels kernels, Scratch scratch, Rotary rotary) {}
