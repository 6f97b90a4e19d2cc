package ingot.cli.render;

import ingot.runtime.ModelInfo;
import ingot.runtime.verify.VerifyReport;

/**
 * A verification and its names, for every form of output.
 *
 * @param model path as typed
 * @param golden path as typed, or {@code embedded}
 */
public record VerifyView(String model, String golden, ModelInfo info, VerifyReport report) {}
