package ingot.formats.signing;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What the verifier brings along: nothing that a bundle says about its own key is believed. */
public sealed interface Trust {
    /** One public key: PEM, PUBLIC KEY, on P-256, P-384 or P-521. */
    static Trust ofKey(Path publicKey) {
        return new Key(EcKey.read(publicKey));
    }

    /**
     * Root certificates.
     *
     * @param roots PEM files with one or more certificates each
     * @param at when all certificates must be valid; usually now
     */
    static Trust ofRoots(List<Path> roots, Instant at) {
        List<X509Certificate> found = new ArrayList<>();
        roots.forEach(file -> found.addAll(Certificates.read(file)));
        return new Roots(List.copyOf(found), at);
    }

    /** A key. */
    final class Key implements Trust {
        final EcKey key;

        private Key(EcKey key) {
            this.key = key;
        }
    }

    /** Roots, at one moment. */
    final class Roots implements Trust {
        final List<X509Certificate> certificates;
        final Instant at;

        private Roots(List<X509Certificate> certificates, Instant at) {
            this.certificates = certificates;
            this.at = at;
        }
    }
}
