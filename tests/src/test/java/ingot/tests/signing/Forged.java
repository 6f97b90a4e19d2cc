package ingot.tests.signing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/** Signs whatever text it is given with the key of the vectors, by other means than those under test. */
public final class Forged {
    private Forged() {}

    public static String payload(Path bundle) {
        return Vectors.payload(Vectors.json(bundle));
    }

    static String bundle(Path bundle, String from, String to) throws IOException {
        String changed = payload(bundle).replace(from, to);
        if (changed.equals(payload(bundle))) {
            throw new IOException("nothing to replace: " + from);
        }
        return sign(bundle, changed);
    }

    /** The bundle with another payload and a signature that is right for it. */
    static String sign(Path bundle, String payload) throws IOException {
        return sign(bundle, payload.getBytes(StandardCharsets.UTF_8));
    }

    /** As above, for bytes that need be no text. */
    public static String sign(Path bundle, byte[] bytes) throws IOException {
        try {
            Signature signature = Signature.getInstance("SHA384withECDSA");
            signature.initSign(secret());
            signature.update(
                    ("DSSEv1 28 application/vnd.in-toto+json " + bytes.length + " ").getBytes(StandardCharsets.UTF_8));
            signature.update(bytes);
            return Files.readString(bundle)
                    .replaceFirst("\"payload\":\\s*\"[^\"]*\"", "\"payload\":\"" + encode(bytes) + "\"")
                    .replaceFirst("\"sig\":\\s*\"[^\"]*\"", "\"sig\":\"" + encode(signature.sign()) + "\"");
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String encode(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** The number itself: 48 bytes after SEQUENCE (3), INTEGER 1 (3) and the head of the OCTET STRING (2). */
    private static java.security.PrivateKey secret() throws IOException, GeneralSecurityException {
        String pem = Files.readString(Vectors.SECRET).replaceAll("(?s).*PRIVATE KEY-----(.*?)-----END.*", "$1");
        byte[] der = Base64.getMimeDecoder().decode(pem);
        var parameters = java.security.AlgorithmParameters.getInstance("EC");
        parameters.init(new java.security.spec.ECGenParameterSpec("secp384r1"));
        return KeyFactory.getInstance("EC")
                .generatePrivate(new ECPrivateKeySpec(
                        new java.math.BigInteger(1, Arrays.copyOfRange(der, 8, 56)),
                        parameters.getParameterSpec(ECParameterSpec.class)));
    }
}
