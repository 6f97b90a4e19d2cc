package ingot.formats.signing;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.json.ObjectFields;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The outer two layers of a signature: a Sigstore bundle around a DSSE envelope (specification, sections 4 and 6.8).
 *
 * @param material how to check the signature
 * @param payload the in-toto statement, as the bytes that were signed
 * @param signature over {@link #preAuthentication} of the payload
 */
record Bundle(Material material, byte[] payload, byte[] signature) {
    /** What the bundle says about the key. */
    sealed interface Material {}

    /**
     * Method "key".
     *
     * @param hint SHA-256 of the public key's PEM text, or empty: bundles before 1.1 carry the key instead, which proves
     *     nothing and is not read
     */
    record KeyHint(String hint) implements Material {}

    /** Method "certificate": the signer's certificate, then those above it. */
    record Chain(List<X509Certificate> certificates) implements Material {}

    private static final String MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
    private static final String PAYLOAD_TYPE = "application/vnd.in-toto+json";
    /** Nearly all of it one string: the payload, whose size is {@link Statement}'s. */
    private static final JsonBound MAX_FILE = new JsonBound(64 << 20, 10_000);

    private static final int MAX_CERTIFICATES = 16;

    /** DSSE's pre-authentication encoding: {@code "DSSEv1" SP len(type) SP type SP len(payload) SP payload}. */
    static byte[] preAuthentication(byte[] payload) {
        byte[] head = ("DSSEv1 " + PAYLOAD_TYPE.length() + " " + PAYLOAD_TYPE + " " + payload.length + " ")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] all = new byte[Math.addExact(head.length, payload.length)];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(payload, 0, all, head.length, payload.length);
        return all;
    }

    ObjectNode json() {
        ObjectNode root = Json.object();
        root.put("mediaType", MEDIA_TYPE);
        ObjectNode how = root.putObject("verificationMaterial");
        switch (material) {
            case KeyHint key -> how.putObject("publicKey").put("hint", key.hint);
            case Chain chain -> {
                ArrayNode list = how.putObject("x509CertificateChain").putArray("certificates");
                chain.certificates.forEach(c -> list.addObject().put("rawBytes", encode(der(c))));
            }
        }
        how.putArray("tlogEntries");
        ObjectNode envelope = root.putObject("dsseEnvelope");
        envelope.put("payload", encode(payload));
        envelope.put("payloadType", PAYLOAD_TYPE);
        envelope.putArray("signatures")
                .addObject()
                .put("sig", encode(signature))
                .put("keyid", "");
        return root;
    }

    /**
     * Reads a bundle and checks its form; what it says is believed only after its signature was verified.
     *
     * @throws IngotException.BadData when the form is broken, or the method is "sigstore", which needs a transparency log
     */
    static Bundle read(Path file) {
        ObjectNode root = Json.readObject(file, MAX_FILE);
        ObjectFields top = new ObjectFields(root, file, "");
        top.only(Set.of("mediaType", "verificationMaterial", "dsseEnvelope"));
        String type = top.requireText("mediaType");
        if (!type.equals(MEDIA_TYPE)) {
            throw IngotException.BadData.in(file, "media type " + Text.quote(type) + "; expected " + MEDIA_TYPE);
        }
        ObjectFields envelope = top.requireObject("dsseEnvelope");
        envelope.only(Set.of("payload", "payloadType", "signatures"));
        if (!envelope.requireText("payloadType").equals(PAYLOAD_TYPE)) {
            throw IngotException.BadData.in(
                    file,
                    "payload type " + Text.quote(envelope.requireText("payloadType")) + "; expected " + PAYLOAD_TYPE);
        }
        List<ObjectFields> signatures = envelope.requireObjects("signatures");
        if (signatures.size() != 1) {
            throw IngotException.BadData.in(file, signatures.size() + " signatures; a bundle has one");
        }
        signatures.getFirst().only(Set.of("sig", "keyid"));
        return new Bundle(
                material(top.requireObject("verificationMaterial")),
                base64(envelope, "payload"),
                base64(signatures.getFirst(), "sig"));
    }

    private static Material material(ObjectFields how) {
        boolean key = how.get("publicKey").isPresent();
        boolean chain = how.get("x509CertificateChain").isPresent();
        if (how.get("certificate").isPresent()) {
            throw IngotException.BadData.in(
                    how.origin(),
                    "signed by the method sigstore (keyless, with a transparency log); Ingot verifies the methods key"
                            + " and certificate");
        }
        if (key == chain) {
            throw IngotException.BadData.in(
                    how.origin(), "verificationMaterial holds neither or both of publicKey and x509CertificateChain");
        }
        if (key) {
            ObjectFields id = how.requireObject("publicKey");
            if (id.get("hint").isEmpty() && id.get("rawBytes").isEmpty()) {
                throw how.bad("publicKey", "neither hint nor rawBytes in it");
            }
            return new KeyHint(id.text("hint").orElse(""));
        }
        List<X509Certificate> certificates = new ArrayList<>();
        for (ObjectFields c : how.requireObject("x509CertificateChain").requireObjects("certificates")) {
            certificates.add(Certificates.parse(how.origin(), base64(c, "rawBytes")));
        }
        if (certificates.isEmpty() || certificates.size() > MAX_CERTIFICATES) {
            throw IngotException.BadData.in(
                    how.origin(), certificates.size() + " certificates; expected 1 to " + MAX_CERTIFICATES);
        }
        return new Chain(certificates);
    }

    private static byte[] der(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String encode(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** Both alphabets, as DSSE asks of readers. */
    private static byte[] base64(ObjectFields fields, String name) {
        String text = fields.requireText(name);
        try {
            byte[] bytes = Base64.getDecoder().decode(text.replace('-', '+').replace('_', '/'));
            if (bytes.length > 0) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw fields.bad(name, "empty or not Base64");
    }
}
