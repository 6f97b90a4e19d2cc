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
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a signature must not survive. */
final class SignatureTest {
    @TempDir
    Path folder;

    private Path model = Path.of("");
    private Path bundle = Path.of("");

    @BeforeEach
    void sign() throws IOException {
        model = Files.createDirectories(folder.resolve("model"));
        Files.writeString(model.resolve("config.json"), "{}");
        Files.write(model.resolve("weights"), new byte[3001]);
        bundle = folder.resolve("model.sig");
        ModelSignature.sign(model, SigningIdentity.ofKey(Vectors.SECRET), bundle, false, Progress.none());
    }

    private String refused(Path path, Path signature, Trust trust) {
        var e = assertThrows(
                IngotException.NotAuthentic.class,
                () -> ModelSignature.verify(path, signature, trust, Progress.none()));
        return String.valueOf(e.getMessage());
    }

    @Test
    void aChangedByte() throws IOException {
        byte[] bytes = new byte[3001];
        bytes[3000] = 1;
        Files.write(model.resolve("weights"), bytes);
        assertTrue(refused(model, bundle, Vectors.key()).contains("'weights' was changed after it was signed"));
    }

    @Test
    void aFileMoreOneLessOneRenamed() throws IOException {
        Path extra = Files.writeString(model.resolve("zzz"), "");
        assertTrue(refused(model, bundle, Vectors.key()).contains("'zzz' is not among the signed files"));
        Files.delete(extra);
        Files.delete(model.resolve("config.json"));
        assertTrue(refused(model, bundle, Vectors.key()).contains("'config.json' was signed and is not there"));
        Files.writeString(model.resolve("Config.json"), "{}");
        assertTrue(refused(model, bundle, Vectors.key()).contains("'Config.json' is not among the signed files"));
    }

    @Test
    void aLinkIsNoFile() throws IOException {
        Path moved = Files.move(model.resolve("weights"), folder.resolve("weights"));
        Files.createSymbolicLink(model.resolve("weights"), moved);
        assertTrue(refused(model, bundle, Vectors.key()).contains("symbolic link"));
    }

    @ParameterizedTest
    @CsvSource({"secp256r1, SHA256withECDSA", "secp384r1, SHA384withECDSA", "secp521r1, SHA512withECDSA"})
    void everyCurveAndAnotherKeyOfIt(String curve, String algorithm) throws IOException, InterruptedException {
        Keytool mine = Keytool.selfSigned(folder, "mine", curve, algorithm, "CN=someone");
        Keytool other = Keytool.selfSigned(folder, "other", curve, algorithm, "CN=someone");
        Path signature = folder.resolve("own.sig");
        ModelSignature.sign(model, SigningIdentity.ofKey(mine.secret()), signature, false, Progress.none());
        ModelSignature.verify(model, signature, Trust.ofKey(mine.key()), Progress.none());
        assertTrue(refused(model, signature, Trust.ofKey(other.key())).contains("signed with the key"));
        // A bundle may hide which key it wants; the signature still does not fit.
        String old = Files.readString(signature).replaceFirst("\"hint\":\"[0-9a-f]+\"", "\"rawBytes\":\"AAAA\"");
        Files.writeString(signature, old);
        ModelSignature.verify(model, signature, Trust.ofKey(mine.key()), Progress.none());
        assertTrue(refused(model, signature, Trust.ofKey(other.key())).contains("not made with this key"));
    }

    @Test
    void certificatesOutOfTimeOrOfOthers() throws IOException, InterruptedException {
        Path signature = folder.resolve("certified.sig");
        SigningIdentity identity =
                SigningIdentity.ofCertificate(Vectors.SECRET, Vectors.CERTIFICATE, List.of(Vectors.INTERMEDIATE));
        ModelSignature.sign(model, identity, signature, false, Progress.none());
        ModelSignature.verify(model, signature, Vectors.roots(), Progress.none());

        Trust late = Trust.ofRoots(List.of(Vectors.ROOT), Instant.parse("2035-05-01T00:00:00Z"));
        assertTrue(refused(model, signature, late).contains("expired on 2035-04-30T23:36:28Z"));
        Trust early = Trust.ofRoots(List.of(Vectors.ROOT), Instant.parse("2025-05-01T00:00:00Z"));
        assertTrue(refused(model, signature, early).contains("not valid before 2025-05-02"));
        // The name of the root is right, its key is not.
        Keytool fake = Keytool.selfSigned(folder, "fake", "secp384r1", "SHA384withECDSA", "CN=root-ca");
        Trust stranger =
                Trust.ofRoots(List.of(fake.certificate()), Instant.now().plusSeconds(60));
        assertTrue(refused(model, signature, stranger).contains("does not lead to a trusted root"));
        // Without the certificate between.
        ModelSignature.sign(
                model,
                SigningIdentity.ofCertificate(Vectors.SECRET, Vectors.CERTIFICATE, List.of()),
                signature,
                true,
                Progress.none());
        assertTrue(refused(model, signature, Vectors.roots()).contains("does not lead to a trusted root"));
        assertThrows(
                IngotException.Usage.class,
                () -> ModelSignature.verify(model, signature, Vectors.key(), Progress.none()));
        assertThrows(
                IngotException.BadData.class,
                () -> SigningIdentity.ofCertificate(Vectors.SECRET, fake.certificate(), List.of()));
    }

    @Test
    void aCertificateThatIsNotForSigning() throws IOException, InterruptedException {
        Keytool server = Keytool.selfSigned(
                folder, "server", "secp256r1", "SHA256withECDSA", "CN=server", "-ext", "ku=keyAgreement");
        Path signature = folder.resolve("server.sig");
        ModelSignature.sign(
                model,
                SigningIdentity.ofCertificate(server.secret(), server.certificate(), List.of()),
                signature,
                false,
                Progress.none());
        Trust trust = Trust.ofRoots(List.of(server.certificate()), Instant.now());
        assertTrue(refused(model, signature, trust).contains("is not for signing"));
    }

    /** Extended key usages that are stated must allow it, whatever the key usage says. */
    @ParameterizedTest
    @CsvSource({"serverAuth, false", "codeSigning, true", "anyExtendedKeyUsage, true"})
    void aCertificateForOtherThings(String usage, boolean accepted) throws IOException, InterruptedException {
        Keytool signer = Keytool.selfSigned(
                folder,
                "signer",
                "secp256r1",
                "SHA256withECDSA",
                "CN=signer",
                "-ext",
                "ku=digitalSignature",
                "-ext",
                "eku=" + usage);
        Path signature = signed(signer);
        Trust trust = Trust.ofRoots(List.of(signer.certificate()), Instant.now());
        if (accepted) {
            ModelSignature.verify(model, signature, trust, Progress.none());
        } else {
            assertTrue(refused(model, signature, trust).contains("is not for signing code"));
        }
    }

    /** The JDK's path builder does not look at the dates of what it is told to trust. */
    @Test
    void aRootOutOfTime() throws IOException, InterruptedException {
        for (String start : List.of("-20d", "-5d")) {
            Keytool root = Keytool.selfSigned(
                    folder,
                    "root" + start,
                    "secp256r1",
                    "SHA256withECDSA",
                    "CN=root" + start,
                    "-startdate",
                    start,
                    "-validity",
                    "10",
                    "-ext",
                    "bc:c",
                    "-ext",
                    "ku=keyCertSign");
            Keytool leaf = Keytool.signedBy(
                    folder,
                    "root" + start,
                    "leaf" + start,
                    "secp256r1",
                    "SHA256withECDSA",
                    "CN=leaf",
                    "-ext",
                    "ku=digitalSignature");
            Path signature = signed(leaf);
            Trust trust = Trust.ofRoots(List.of(root.certificate()), Instant.now());
            if (start.equals("-5d")) {
                ModelSignature.verify(model, signature, trust, Progress.none());
            } else {
                String alone = refused(model, signature, trust);
                assertTrue(alone.contains("CN=root-20d' expired on"), alone);
                Trust both = Trust.ofRoots(List.of(Vectors.ROOT, root.certificate()), Instant.now());
                String among = refused(model, signature, both);
                assertTrue(among.contains("trusted root that is valid now"), among);
            }
        }
    }

    private Path signed(Keytool by) {
        Path signature = folder.resolve("certified.sig");
        SigningIdentity identity = SigningIdentity.ofCertificate(by.secret(), by.certificate(), List.of());
        ModelSignature.sign(model, identity, signature, true, Progress.none());
        return signature;
    }

    /** Cut anywhere, and with every third byte changed: refused, or the statement is untouched. */
    @Test
    void everyDamageToTheBundle() throws IOException {
        byte[] whole = Files.readAllBytes(bundle);
        String statement = Vectors.payload(Vectors.json(bundle));
        Path damaged = folder.resolve("damaged.sig");
        Trust key = Vectors.key();
        int accepted = 0;
        for (int i = 0; i < whole.length; i += 3) {
            byte[] changed = whole.clone();
            changed[i] ^= 1;
            Files.write(damaged, changed);
            try {
                ModelSignature.verify(model, damaged, key, Progress.none());
                assertEquals(statement, Vectors.payload(Vectors.json(damaged)));
                accepted++;
            } catch (IngotException.BadData | IngotException.NotAuthentic | IngotException.Usage e) {
                assertFalse(String.valueOf(e.getMessage()).contains("\n"), e.getMessage());
            }
        }
        assertTrue(accepted < 40, accepted + " changed bundles accepted");
        for (int i = 0; i < whole.length - 2; i += 31) {
            Files.write(damaged, java.util.Arrays.copyOf(whole, i));
            assertThrows(
                    IngotException.BadData.class, () -> ModelSignature.verify(model, damaged, key, Progress.none()));
        }
    }

    /** A true signature over a statement that says something else. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"files\"             | \"shards\"         | shard_size",
                "\"sha256\",\"allow    | \"blake3\",\"allow | hash",
                "signature/v1.0        | Digests/v0.1       | predicate type",
                "\"name\":\"weights\"  | \"name\":\"config.json\" | listed twice",
                "Statement/v1          | Statement/v2       | statement type",
                "\"resources\"         | \"resourcez\"      | resourcez",
                "\"digest\":\"44136     | \"digest\":\"54136    | inconsistent",
            })
    void statementsOfAnotherKind(String from, String to, String complaint) throws IOException {
        var forged = Forged.bundle(bundle, from, to);
        Path file = Files.writeString(folder.resolve("forged.sig"), forged);
        var e = assertThrows(
                IngotException.BadData.class, () -> ModelSignature.verify(model, file, Vectors.key(), Progress.none()));
        assertTrue(String.valueOf(e.getMessage()).contains(complaint), e.getMessage());
    }

    @Test
    void rangesOfFiles() throws IOException {
        byte[] weights = Files.readAllBytes(model.resolve("weights"));
        String first = Forged.sha256(java.util.Arrays.copyOf(weights, 2000));
        String second = Forged.sha256(java.util.Arrays.copyOfRange(weights, 2000, 3001));
        String all = Forged.sha256(weights);
        String config = Forged.sha256(Files.readAllBytes(model.resolve("config.json")));
        String text = Forged.payload(bundle)
                .replace(digest(config, all), digest(config, first, second))
                .replace("\"files\"", "\"shards\",\"shard_size\":2000")
                .replace("\"name\":\"config.json\"", "\"name\":\"config.json:0:2\"")
                .replace(
                        "{\"name\":\"weights\",\"digest\":\"" + all + "\",\"algorithm\":\"sha256\"}",
                        "{\"name\":\"weights:0:2000\",\"digest\":\"" + first + "\",\"algorithm\":\"sha256\"},"
                                + "{\"name\":\"weights:2000:3001\",\"digest\":\"" + second
                                + "\",\"algorithm\":\"sha256\"}");
        Path file = Files.writeString(folder.resolve("ranges.sig"), Forged.sign(bundle, text));
        assertEquals(List.of(), Vectors.complaints(Files.readString(file)));
        ModelSignature found = ModelSignature.verify(model, file, Vectors.key(), Progress.none());
        assertEquals(3, found.files());
        weights[2000] = 1;
        Files.write(model.resolve("weights"), weights);
        assertTrue(refused(model, file, Vectors.key()).contains("'weights:2000:3001' was changed"));
    }

    /** Section 6.5.1: over the hashes as bytes, one after the other. */
    private static String digest(String... hashes) {
        return Forged.sha256(HexFormat.of().parseHex(String.join("", hashes)));
    }

    @Test
    void keysThatAreNone() throws IOException {
        String pem = Files.readString(Vectors.SECRET);
        Path file = folder.resolve("key.pem");
        for (int cut = 0; cut < pem.length(); cut += 11) {
            Files.writeString(file, pem.substring(0, cut) + pem.substring(cut + 1));
            try {
                SigningIdentity.ofKey(file);
            } catch (IngotException.BadData e) {
                assertTrue(String.valueOf(e.getMessage()).startsWith(file + ": "), e.getMessage());
            }
        }
        byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("(?s).*PRIVATE KEY-----(.*?)-----END.*", "$1"));
        for (int i = 0; i < der.length; i += 2) {
            der[i] ^= (byte) 0x80;
            Files.writeString(
                    file,
                    "-----BEGIN EC PRIVATE KEY-----\n" + Base64.getEncoder().encodeToString(der)
                            + "\n-----END EC PRIVATE KEY-----\n",
                    StandardCharsets.US_ASCII);
            assertThrows(IngotException.BadData.class, () -> SigningIdentity.ofKey(file));
            der[i] ^= (byte) 0x80;
        }
    }
}
