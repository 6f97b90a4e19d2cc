package ingot.formats.signing;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Who signs: a private key, and perhaps certificates that say whose it is. */
public final class SigningIdentity {
    private static final byte[] EC_PUBLIC_KEY = HexFormat.of().parseHex("06072a8648ce3d0201");

    private final Path origin;
    private final PrivateKey secret;
    private final EcKey shown;
    private final List<X509Certificate> chain;

    private SigningIdentity(Path origin, PrivateKey secret, EcKey shown, List<X509Certificate> chain) {
        this.origin = origin;
        this.secret = secret;
        this.shown = shown;
        this.chain = List.copyOf(chain);
    }

    /**
     * Signs with a bare key; whoever verifies has the public half.
     *
     * @param key PEM, PRIVATE KEY (PKCS #8) or EC PRIVATE KEY (SEC 1), unencrypted, on P-256, P-384 or P-521, with its
     *     public half in it (OpenSSL writes it)
     */
    public static SigningIdentity ofKey(Path key) {
        List<Pem> blocks = Pem.read(key).stream()
                .filter(p -> !p.label().equals("EC PARAMETERS"))
                .toList();
        String label = blocks.isEmpty() ? "EC PARAMETERS" : blocks.getFirst().label();
        if (label.startsWith("ENCRYPTED")) {
            throw Pem.encrypted(key);
        }
        if (blocks.size() != 1 || !(label.equals("PRIVATE KEY") || label.equals("EC PRIVATE KEY"))) {
            throw IngotException.BadData.in(
                    key, "holds " + label + "; expected one block PRIVATE KEY or EC PRIVATE KEY");
        }
        byte[] der = blocks.getFirst().der();
        try {
            return label.equals("PRIVATE KEY") ? ofPkcs8(key, der) : ofSec1(key, der);
        } catch (IllegalArgumentException | GeneralSecurityException e) {
            throw new IngotException.BadData(
                    Text.path(key) + ": not a private key on P-256, P-384 or P-521, the curves of the specification",
                    e);
        }
    }

    /**
     * Signs with a certified key; whoever verifies has the root.
     *
     * @param certificate PEM, the certificate of {@code key}
     * @param chain PEM files of the certificates between it and the root; the root itself may be left out
     */
    public static SigningIdentity ofCertificate(Path key, Path certificate, List<Path> chain) {
        SigningIdentity bare = ofKey(key);
        List<X509Certificate> certificates = new ArrayList<>(Certificates.read(certificate));
        EcKey certified = EcKey.of(certificate, certificates.getFirst().getPublicKey());
        if (!certified.hint().equals(bare.shown.hint())) {
            throw IngotException.BadData.in(
                    certificate,
                    "certifies another key than the one in " + Text.path(key) + "; both must belong together");
        }
        chain.forEach(file -> certificates.addAll(Certificates.read(file)));
        return new SigningIdentity(key, bare.secret, bare.shown, certificates);
    }

    /**
     * PrivateKeyInfo: SEQUENCE { INTEGER, SEQUENCE { OID ecPublicKey, OID curve }, OCTET STRING { ECPrivateKey } … }.
     */
    private static SigningIdentity ofPkcs8(Path file, byte[] der) throws GeneralSecurityException {
        Der info = Der.of(der).next(Der.SEQUENCE);
        info.next(Der.INTEGER);
        Der algorithm = info.next(Der.SEQUENCE);
        algorithm.next(0x06);
        EcKey.Curve curve = curve(algorithm);
        return pair(file, curve, der, info.next(Der.OCTET_STRING).next(Der.SEQUENCE));
    }

    /** RFC 5915: ECPrivateKey = SEQUENCE { INTEGER 1, OCTET STRING, [0] curve, [1] BIT STRING public key }. */
    private static SigningIdentity ofSec1(Path file, byte[] der) throws GeneralSecurityException {
        Der key = Der.of(der).next(Der.SEQUENCE);
        key.next(Der.INTEGER);
        key.next(Der.OCTET_STRING);
        EcKey.Curve curve = curve(key.next(0xA0));
        byte[] wrapped = Der.element(
                Der.SEQUENCE,
                Der.element(Der.INTEGER, new byte[] {0}),
                Der.element(Der.SEQUENCE, EC_PUBLIC_KEY, curve.oid()),
                Der.element(Der.OCTET_STRING, der));
        return pair(file, curve, wrapped, Der.of(der).next(Der.SEQUENCE));
    }

    private static EcKey.Curve curve(Der named) {
        return EcKey.Curve.named(named.next(0x06).rest())
                .orElseThrow(() -> new IllegalArgumentException("another curve"));
    }

    /** @param key the ECPrivateKey within {@code pkcs8} */
    private static SigningIdentity pair(Path file, EcKey.Curve curve, byte[] pkcs8, Der key)
            throws GeneralSecurityException {
        key.next(Der.INTEGER);
        key.next(Der.OCTET_STRING);
        key.optional(0xA0);
        byte[] point = key.optional(0xA1)
                .map(bits -> bits.next(Der.BIT_STRING).rest())
                .orElseThrow(() -> IngotException.BadData.in(
                        file, "holds no public half; write it into the file: openssl ec -in KEY -out NEW"));
        KeyFactory factory = KeyFactory.getInstance("EC");
        PublicKey half = factory.generatePublic(new X509EncodedKeySpec(Der.element(
                Der.SEQUENCE,
                Der.element(Der.SEQUENCE, EC_PUBLIC_KEY, curve.oid()),
                Der.element(Der.BIT_STRING, point))));
        PrivateKey secret = factory.generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        SigningIdentity identity = new SigningIdentity(file, secret, EcKey.of(file, half), List.of());
        byte[] probe = "ingot".getBytes(StandardCharsets.US_ASCII);
        if (!identity.shown.verifies(probe, identity.sign(probe))) {
            throw IngotException.BadData.in(file, "its two halves do not belong together");
        }
        return identity;
    }

    byte[] sign(byte[] data) {
        try {
            Signature signature = shown.curve().signature();
            signature.initSign(secret);
            signature.update(data);
            return signature.sign();
        } catch (InvalidKeyException e) {
            throw new IngotException.BadData(Text.path(origin) + ": the private key cannot sign: " + Text.reason(e), e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    String hint() {
        return shown.hint();
    }

    Bundle.Material material() {
        return chain.isEmpty() ? new Bundle.KeyHint(shown.hint()) : new Bundle.Chain(chain);
    }
}
