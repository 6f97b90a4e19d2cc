package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.signing.ModelSignature;
import ingot.formats.signing.SigningIdentity;
import ingot.formats.signing.Trust;
import ingot.tests.signing.Forged;
import ingot.tests.signing.Vectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Bundles that come with a model, and statements as whoever has a trusted key may write them. */
final class FuzzSignatures {
    private FuzzSignatures() {}

    static FuzzReader bundle(Path folder) throws IOException {
        Path model = model(folder);
        Path bundle = folder.resolve("model.sig");
        Trust key = Vectors.key();
        Trust roots = Vectors.roots();
        return input -> {
            Files.write(bundle, input);
            try {
                verify(model, bundle, key);
            } catch (IngotException.Usage e) {
                // Signed by a certificate: a key says nothing about it.
                verify(model, bundle, roots);
            }
        };
    }

    static FuzzReader statement(Path folder) throws IOException {
        Path model = model(folder);
        Path signed = signed(folder, model, false);
        Path bundle = folder.resolve("statement.sig");
        Trust key = Vectors.key();
        return input -> {
            Files.writeString(bundle, Forged.sign(signed, input));
            verify(model, bundle, key);
        };
    }

    /** A check that fails ends with another exit code, but with one line as well. */
    private static void verify(Path model, Path bundle, Trust trust) {
        try {
            ModelSignature.verify(model, bundle, trust, Progress.none());
        } catch (IngotException.NotAuthentic e) {
            throw new IngotException.BadData(String.valueOf(e.getMessage()), e);
        }
    }

    /** What is signed; always the same. */
    private static Path model(Path folder) throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        Files.writeString(model.resolve("config.json"), "{}");
        Files.write(model.resolve("weights"), new byte[301]);
        return model;
    }

    private static Path signed(Path folder, Path model, boolean certificate) throws IOException {
        Path bundle = folder.resolve(certificate ? "certified.sig" : "signed.sig");
        SigningIdentity identity = certificate
                ? SigningIdentity.ofCertificate(Vectors.SECRET, Vectors.CERTIFICATE, List.of(Vectors.INTERMEDIATE))
                : SigningIdentity.ofKey(Vectors.SECRET);
        ModelSignature.sign(model, identity, bundle, true, Progress.none());
        return bundle;
    }

    /** A right bundle, by a key or by a certificate. */
    static byte[] rightBundle(Path folder, boolean certificate) throws IOException {
        return Files.readAllBytes(signed(folder, model(folder), certificate));
    }

    /** The statement of a right bundle. */
    static byte[] rightStatement(Path folder) throws IOException {
        return Forged.payload(signed(folder, model(folder), false)).getBytes(UTF_8);
    }
}
