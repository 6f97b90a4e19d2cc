package ingot.tests.signing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.signing.ModelSignature;
import ingot.formats.signing.SigningIdentity;
import ingot.formats.signing.Trust;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * The OpenSSF Model Signing specification 1.0: its schemas, its vectors, models signed by its reference implementation.
 */
final class SpecificationTest {
    @TempDir
    Path folder;

    private static Trust trust(String name) {
        return name.endsWith("key") ? Vectors.key() : Vectors.roots();
    }

    @ParameterizedTest
    @CsvSource({
        "v0.3.1-elliptic-key, signme-1, 1",
        "v1.0.0-elliptic-key, signme-1, 1",
        "v1.1.0-elliptic-key, '', 2",
        "v0.3.1-certificate, '', 2",
        "v1.0.0-certificate, '', 2",
        "v1.1.0-certificate, '', 2",
    })
    void acceptsWhatTheReferenceSigned(String version, String file, int files) {
        Path model = Vectors.DATA.resolve("reference").resolve(version);
        Path bundle = model.resolve("model.sig");
        ModelSignature found = ModelSignature.verify(model.resolve(file), bundle, trust(version), Progress.none());
        assertEquals(files, found.files());
        String stated = Vectors.json(bundle).at("/dsseEnvelope/payload").stringValue();
        String payload = new String(Base64.getDecoder().decode(stated), StandardCharsets.UTF_8);
        assertTrue(
                payload.contains("\"sha256\": \"" + found.rootDigest() + "\""), "the root digest is the reference's");
    }

    @Test
    void refusesWhatItDoesNotVerify() {
        Path old = Vectors.DATA.resolve("reference/v0.2.0-certificate");
        var deprecated = assertThrows(
                IngotException.NotAuthentic.class,
                () -> ModelSignature.verify(old, old.resolve("model.sig"), Vectors.roots(), Progress.none()));
        assertTrue(String.valueOf(deprecated.getMessage()).contains("not made with this key"), deprecated.getMessage());
        Path keyless = Vectors.DATA.resolve("reference/v1.1.0-sigstore");
        var e = assertThrows(
                IngotException.BadData.class,
                () -> ModelSignature.verify(keyless, keyless.resolve("model.sig"), Vectors.roots(), Progress.none()));
        assertTrue(String.valueOf(e.getMessage()).contains("sigstore"), e.getMessage());
    }

    /** The vectors of the specification are of models that are not there: what can be judged is the bundle. */
    @ParameterizedTest
    @CsvSource({
        "empty, JSON root is not an object",
        "missing-envelope, '''dsseEnvelope'': missing'",
        // It is of the method sigstore, which is refused before anybody asks for its log.
        "missing-tlog-entries, signed by the method sigstore",
        "missing-verification-material, '''verificationMaterial'': missing'",
    })
    void refusesTheInvalidVectors(String name, String complaint) throws IOException {
        Path bundle = Vectors.DATA.resolve("bundles").resolve("invalid/" + name + ".bundle.json");
        String text = Files.readString(bundle);
        if (!text.isBlank()) {
            assertFalse(Vectors.complaints(text).isEmpty(), "the schemas refuse it, too");
        }
        for (Trust trust : List.of(Vectors.key(), Vectors.roots())) {
            var e = assertThrows(
                    IngotException.BadData.class, () -> ModelSignature.verify(folder, bundle, trust, Progress.none()));
            assertTrue(String.valueOf(e.getMessage()).startsWith(bundle + ": " + complaint), e.getMessage());
        }
    }

    /** Its signature is not the key's, which is seen first; with one that is, the predicate is. */
    @Test
    void refusesAnotherPredicate() throws IOException {
        Path vector = Vectors.DATA.resolve("bundles/invalid-payload/wrong-predicate.bundle.json");
        assertFalse(Vectors.complaints(Files.readString(vector)).isEmpty(), "the schemas refuse it, too");
        var unsigned = assertThrows(
                IngotException.NotAuthentic.class,
                () -> ModelSignature.verify(folder, vector, Vectors.key(), Progress.none()));
        assertTrue(String.valueOf(unsigned.getMessage()).contains("not made with this key"), unsigned.getMessage());
        Path file = Files.writeString(folder.resolve("signed.sig"), Forged.sign(vector, Forged.payload(vector)));
        var signed = assertThrows(
                IngotException.BadData.class,
                () -> ModelSignature.verify(folder, file, Vectors.key(), Progress.none()));
        assertTrue(String.valueOf(signed.getMessage()).contains(": predicate type '"), signed.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"key, signme-1", "certificate, signme-1"})
    void acceptsTheValidVectorsUpToTheMissingModel(String name, String file) throws IOException {
        Path bundle = Vectors.DATA.resolve("bundles/valid").resolve(name + ".bundle.json");
        assertEquals(List.of(), Vectors.complaints(Files.readString(bundle)));
        var e = assertThrows(
                IngotException.NotAuthentic.class,
                () -> ModelSignature.verify(folder, bundle, trust(name), Progress.none()));
        assertTrue(
                String.valueOf(e.getMessage()).endsWith("'" + file + "' was signed and is not there"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void writesWhatTheSchemasAndAnyVerifierAccept(boolean certified) throws IOException, GeneralSecurityException {
        Path model = Files.createDirectories(folder.resolve("model/deep"));
        Files.writeString(model.resolve("b.txt"), "b");
        Files.writeString(folder.resolve("model/a.bin"), "aaaa");
        Files.createDirectories(folder.resolve("model/.git"));
        Files.writeString(folder.resolve("model/.git/config"), "not of the model");
        Path bundle = folder.resolve("model/model.sig");
        SigningIdentity identity = certified
                ? SigningIdentity.ofCertificate(Vectors.SECRET, Vectors.CERTIFICATE, List.of(Vectors.INTERMEDIATE))
                : SigningIdentity.ofKey(Vectors.SECRET);
        ModelSignature made = ModelSignature.sign(folder.resolve("model"), identity, bundle, false, Progress.none());
        assertEquals(2, made.files());
        assertEquals(List.of(), Vectors.complaints(Files.readString(bundle)));

        JsonNode root = Vectors.json(bundle);
        String payload = Vectors.payload(root);
        assertTrue(payload.contains("\"name\":\"a.bin\"") && payload.contains("\"name\":\"deep/b.txt\""), payload);
        assertTrue(payload.indexOf("a.bin") < payload.indexOf("deep/b.txt"), payload);
        // SHA-256 of "aaaa", by sha256sum.
        assertTrue(payload.contains("61be55a8e2f6b4e172338bddf184d6dbee29c98853e0a0485ecee7f27b9af0b4"), payload);
        Signature check = Signature.getInstance("SHA384withECDSA");
        try (var in = Files.newInputStream(Vectors.CERTIFICATE)) {
            check.initVerify(CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        byte[] bytes = payload.getBytes(StandardCharsets.UTF_8);
        check.update(("DSSEv1 28 application/vnd.in-toto+json " + bytes.length + " ").getBytes(StandardCharsets.UTF_8));
        check.update(bytes);
        assertTrue(check.verify(Base64.getDecoder()
                .decode(root.at("/dsseEnvelope/signatures/0/sig").stringValue())));

        Trust trust = certified ? Vectors.roots() : Vectors.key();
        assertEquals(made, ModelSignature.verify(folder.resolve("model"), bundle, trust, Progress.none()));
    }

    /** The reference calls this key e8450dec…: SHA-256 of its PEM text. */
    @Test
    void namesAKeyAsTheReferenceDoes() throws IOException {
        Path file = Files.writeString(folder.resolve("m"), "x");
        ModelSignature made = ModelSignature.sign(
                file, SigningIdentity.ofKey(Vectors.SECRET), folder.resolve("m.sig"), false, Progress.none());
        String hint = Vectors.json(Vectors.DATA.resolve("bundles/valid/key.bundle.json"))
                .at("/verificationMaterial/publicKey/hint")
                .stringValue();
        assertEquals(hint, made.signer());
    }
}
