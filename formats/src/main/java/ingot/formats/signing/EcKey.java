package ingot.formats.signing;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.ingot.Checksum;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A public key on one of the three curves of the specification (algorithm-registry.md), with the hash that belongs to it.
 *
 * @param curve the curve it lies on
 */
record EcKey(ECPublicKey key, Curve curve) {
    /** Curves with the size of their field in bits and the signature algorithm they are used with. */
    enum Curve {
        P256(256, "SHA256withECDSA", "06082a8648ce3d030107"),
        P384(384, "SHA384withECDSA", "06052b81040022"),
        P521(521, "SHA512withECDSA", "06052b81040023");

        private final int bits;
        private final String algorithm;
        private final byte[] oid;

        Curve(int bits, String algorithm, String oid) {
            this.bits = bits;
            this.algorithm = algorithm;
            this.oid = HexFormat.of().parseHex(oid);
        }

        Signature signature() throws GeneralSecurityException {
            return Signature.getInstance(algorithm);
        }

        /** The element that names the curve. */
        byte[] oid() {
            return oid.clone();
        }

        /** The curve whose name is {@code oid} without its tag and length. */
        static Optional<Curve> named(byte[] oid) {
            return List.of(values()).stream()
                    .filter(c -> Arrays.equals(c.oid, 2, c.oid.length, oid, 0, oid.length))
                    .findFirst();
        }
    }

    /**
     * Reads a public key: PEM with one block PUBLIC KEY.
     *
     * @throws IngotException.BadData when it is none, or not on a curve of the specification
     */
    static EcKey read(Path file) {
        List<Pem> blocks = Pem.read(file);
        if (blocks.size() != 1 || !blocks.getFirst().label().equals("PUBLIC KEY")) {
            throw IngotException.BadData.in(
                    file,
                    "holds " + blocks.getFirst().label() + "; expected one block PUBLIC KEY (openssl pkey -pubout)");
        }
        try {
            return of(
                    file,
                    KeyFactory.getInstance("EC")
                            .generatePublic(
                                    new X509EncodedKeySpec(blocks.getFirst().der())));
        } catch (GeneralSecurityException e) {
            throw unsupported(file, e);
        }
    }

    /** @param origin the file the key came from, named in errors */
    static EcKey of(Path origin, PublicKey key) {
        if (key instanceof ECPublicKey ec) {
            int bits = ec.getParams().getCurve().getField().getFieldSize();
            for (Curve curve : Curve.values()) {
                // The name too: other curves have fields of 256 bits.
                if (curve.bits == bits && contains(ec.getEncoded(), curve.oid)) {
                    return new EcKey(ec, curve);
                }
            }
        }
        throw unsupported(origin, null);
    }

    private static boolean contains(byte[] spki, byte[] oid) {
        // SubjectPublicKeyInfo: SEQUENCE { SEQUENCE { OID ecPublicKey, OID curve }, BIT STRING }
        Der algorithm = Der.of(spki).next(Der.SEQUENCE).next(Der.SEQUENCE);
        algorithm.next(0x06);
        return Arrays.equals(algorithm.rest(), oid);
    }

    private static IngotException.BadData unsupported(Path origin, @Nullable Exception cause) {
        return new IngotException.BadData(
                Text.path(origin) + ": the key is not on P-256, P-384 or P-521, the curves of the specification",
                cause);
    }

    /** Whether {@code signature} (DER, as ECDSA signatures are) was made over {@code data} with the private half. */
    boolean verifies(byte[] data, byte[] signature) {
        try {
            Signature check = curve.signature();
            check.initVerify(key);
            check.update(data);
            return check.verify(signature);
        } catch (GeneralSecurityException e) {
            // Not even the form of a signature.
            return false;
        }
    }

    /** What bundles call the key: SHA-256, in hex, of its PEM text. */
    String hint() {
        byte[] pem = new Pem("PUBLIC KEY", key.getEncoded()).text().getBytes(StandardCharsets.US_ASCII);
        return HexFormat.of().formatHex(Checksum.sha256().digest(pem));
    }
}
