package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.signing.ModelSignature;
import ingot.formats.signing.Trust;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A signature to check before anything of the model is parsed. */
final class SignatureFlags {
    @Option(
            order = 10,
            names = "--verify-signature",
            paramLabel = "SIG",
            description =
                    "First check this signature (OpenSSF Model Signing) of every file; exit code 1 when it does not"
                            + " hold.")
    @Nullable
    Path signature;

    @Option(
            order = 11,
            names = "--key",
            paramLabel = "PUBLIC.pem",
            description = "The public key that must have" + " signed.")
    @Nullable
    Path key;

    @Option(
            order = 12,
            names = "--certificate",
            paramLabel = "ROOT.pem",
            description = "Root certificates that the signer's certificate must lead to (repeatable). Any certificate"
                    + " for signing under them is accepted, whoever its subject is: the subject is shown,"
                    + " compare it.")
    List<Path> roots = new ArrayList<>();

    /** What was verified, or nothing where nothing was asked for. */
    Optional<ModelSignature> verify(Path model, Progress progress) {
        if (signature == null) {
            if (key != null || !roots.isEmpty()) {
                throw new IngotException.Usage("--key and --certificate need --verify-signature SIG");
            }
            return Optional.empty();
        }
        if ((key == null) == roots.isEmpty()) {
            throw new IngotException.Usage(
                    "--verify-signature needs --key PUBLIC.pem or --certificate ROOT.pem: what a signature says about"
                            + " its own key proves nothing");
        }
        Trust trust = key == null ? Trust.ofRoots(roots, Instant.now()) : Trust.ofKey(key);
        return Optional.of(ModelSignature.verify(model, signature, trust, progress));
    }
}
