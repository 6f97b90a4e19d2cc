package ingot.formats.signing;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Certificates (X.509): read, and followed to a root that is trusted (RFC 5280, by the JDK). */
final class Certificates {
    private static final String CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
    private static final String ANY_USAGE = "2.5.29.37.0";

    private Certificates() {}

    /** Every certificate of a PEM file. */
    static List<X509Certificate> read(Path file) {
        List<X509Certificate> found = new ArrayList<>();
        for (Pem block : Pem.read(file)) {
            if (!block.label().equals("CERTIFICATE")) {
                throw IngotException.BadData.in(file, "holds " + block.label() + "; expected only CERTIFICATE blocks");
            }
            found.add(parse(file, block.der()));
        }
        return found;
    }

    static X509Certificate parse(Path origin, byte[] der) {
        try {
            ByteArrayInputStream in = new ByteArrayInputStream(der);
            X509Certificate certificate =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
            if (in.available() > 0) {
                throw IngotException.BadData.in(origin, "bytes after a certificate");
            }
            return certificate;
        } catch (CertificateException e) {
            throw new IngotException.BadData(Text.path(origin) + ": not an X.509 certificate: " + Text.reason(e), e);
        }
    }

    /**
     * Follows {@code chain} from its first certificate to one of {@code roots}. Revocation is not looked up: that needs
     * a network.
     *
     * @throws IngotException.NotAuthentic when it leads to none, a certificate or the root is outside its validity, or
     *     the first one is not for signing code
     */
    static void requireTrusted(
            Path origin, List<X509Certificate> chain, Collection<X509Certificate> roots, Instant at) {
        X509Certificate leaf = chain.getFirst();
        chain.forEach(c -> requireValid(origin, c, at));
        requireForSigning(origin, leaf);
        if (roots.contains(leaf)) {
            return;
        }
        // RFC 5280 leaves the dates of an anchor to the caller.
        List<X509Certificate> current =
                roots.stream().filter(c -> isValid(c, at)).toList();
        if (current.isEmpty()) {
            roots.forEach(c -> requireValid(origin, c, at));
        }
        Set<TrustAnchor> anchors =
                current.stream().map(c -> new TrustAnchor(c, null)).collect(Collectors.toSet());
        X509CertSelector target = new X509CertSelector();
        target.setCertificate(leaf);
        try {
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(at));
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(chain)));
            CertPathBuilder.getInstance("PKIX").build(parameters);
        } catch (CertPathBuilderException e) {
            throw new IngotException.NotAuthentic(
                    Text.path(origin) + ": the certificate of " + subject(leaf)
                            + " does not lead to a trusted root"
                            + (current.size() < roots.size() ? " that is valid now: " : ": ")
                            + Text.reason(e),
                    e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isValid(X509Certificate certificate, Instant at) {
        Date date = Date.from(at);
        return !date.before(certificate.getNotBefore()) && !date.after(certificate.getNotAfter());
    }

    private static void requireValid(Path origin, X509Certificate certificate, Instant at) {
        try {
            certificate.checkValidity(Date.from(at));
        } catch (CertificateExpiredException e) {
            throw new IngotException.NotAuthentic(
                    Text.path(origin) + ": the certificate of " + subject(certificate) + " expired on "
                            + certificate.getNotAfter().toInstant(),
                    e);
        } catch (CertificateNotYetValidException e) {
            throw new IngotException.NotAuthentic(
                    Text.path(origin) + ": the certificate of " + subject(certificate) + " is not valid before "
                            + certificate.getNotBefore().toInstant(),
                    e);
        }
    }

    /**
     * Key usage digitalSignature or extended key usage codeSigning, as the reference implementation asks for; and where
     * extended key usages are stated, code signing must be among them (RFC 5280, section 4.2.1.12), which it does not
     * ask.
     */
    private static void requireForSigning(Path origin, X509Certificate leaf) {
        try {
            boolean[] usage = leaf.getKeyUsage();
            List<String> extended = leaf.getExtendedKeyUsage();
            boolean code = extended != null && extended.contains(CODE_SIGNING);
            boolean signs = usage != null && usage[0] || code;
            boolean elsewhere = extended != null && !code && !extended.contains(ANY_USAGE);
            if (!signs || elsewhere) {
                throw new IngotException.NotAuthentic(
                        Text.path(origin) + ": the certificate of " + subject(leaf) + " is not for signing "
                                + (signs
                                        ? "code (its extended key usages are others)"
                                        : "(neither digitalSignature nor codeSigning)"),
                        null);
            }
        } catch (CertificateException e) {
            throw new IngotException.BadData(Text.path(origin) + ": not an X.509 certificate: " + Text.reason(e), e);
        }
    }

    /** The subject for a message. */
    static String subject(X509Certificate certificate) {
        return Text.quote(certificate.getSubjectX500Principal().getName());
    }
}
