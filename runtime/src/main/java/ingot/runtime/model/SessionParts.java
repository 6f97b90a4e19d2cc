package ingot.runtime.model;

import ingot.runtime.kernel.Kernels;
import ingot.runtime.kv.KvType;

/** What all layers of one session share. */
record SessionParts(Kernels kernels, Scratch scratch, Rotary rotary, KvType kvType) {}
