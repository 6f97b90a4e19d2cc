package ingot.formats.signing;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.Text;
import ingot.formats.io.AtomicFile;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.formats.signing.Statement.Resource;
import ingot.formats.signing.Statement.Scope;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A detached signature of a model, made or checked.
 *
 * @param method "key" or "certificate"
 * @param signer SHA-256 of the public key's PEM text, or the certificate's subject
 * @param rootDigest SHA-256 over the hashes of all files: names the model as signed
 * @param files how many files, or ranges of files, are signed
 * @param ignored paths in the model's folder that the signer left out, and of which the signature says nothing: beyond
 *     those that are always left out, as {@code .git} is
 * @param followsLinks whether a symbolic link stands for what it points to, which may lie outside of the model's folder
 */
public record ModelSignature(
        String method, String signer, String rootDigest, int files, List<String> ignored, boolean followsLinks) {
    public ModelSignature {
        ignored = List.copyOf(ignored);
    }

    /**
     * Signs a model: one file, or a folder with everything in it.
     *
     * @param output the bundle; by convention it ends in {@code .sig}
     * @param overwrite whether {@code output} may be replaced
     */
    public static ModelSignature sign(
            Path model, SigningIdentity identity, Path output, boolean overwrite, Progress progress) {
        AtomicFile.requireCreatable(output, overwrite, 0);
        Scope scope = new Scope(0, false, ModelFiles.ALWAYS_IGNORED);
        List<Resource> resources = ModelFiles.list(model, scope, output).resources(scope, progress);
        if (resources.isEmpty()) {
            throw IngotException.BadData.in(model, "an empty folder; there is nothing to sign");
        }
        Statement statement = new Statement(Folders.name(model.toAbsolutePath().normalize()), scope, resources);
        byte[] payload = statement.bytes();
        byte[] signature = identity.sign(Bundle.preAuthentication(payload));
        Bundle bundle = new Bundle(identity.material(), payload, signature);
        byte[] text = (Json.compact(bundle.json()) + "\n").getBytes(StandardCharsets.UTF_8);
        try (AtomicFile file = AtomicFile.create(output, overwrite, text.length)) {
            file.write(0, ByteBuffer.wrap(text));
            file.commit();
        }
        return of(bundle, identity.hint(), statement);
    }

    /**
     * Checks a bundle and then every file it names; nothing of the model is parsed.
     *
     * @throws IngotException.BadData when the bundle is malformed or of a kind that is not supported
     * @throws IngotException.NotAuthentic when the signature, the trust in it, or a file does not hold
     */
    public static ModelSignature verify(Path model, Path signature, Trust trust, Progress progress) {
        Bundle bundle = Bundle.read(signature);
        EcKey key = trusted(signature, bundle, trust);
        if (!key.verifies(Bundle.preAuthentication(bundle.payload()), bundle.signature())) {
            throw new IngotException.NotAuthentic(
                    Text.path(signature) + ": the signature was not made with this key, or the bundle was changed",
                    null);
        }
        Statement statement = Statement.parse(bundle.payload(), signature);
        requireFiles(model, signature, statement, progress);
        return of(bundle, key.hint(), statement);
    }

    private static EcKey trusted(Path signature, Bundle bundle, Trust trust) {
        return switch (bundle.material()) {
            case Bundle.KeyHint named -> {
                if (!(trust instanceof Trust.Key own)) {
                    throw new IngotException.Usage(
                            Text.path(signature) + ": signed with a key, not a certificate; give --key PUBLIC.pem");
                }
                if (!named.hint().isEmpty() && !named.hint().equals(own.key.hint())) {
                    throw new IngotException.NotAuthentic(
                            Text.path(signature) + ": signed with the key " + Text.quote(named.hint()) + ", not with "
                                    + own.key.hint(),
                            null);
                }
                yield own.key;
            }
            case Bundle.Chain chain -> {
                if (!(trust instanceof Trust.Roots roots)) {
                    throw new IngotException.Usage(Text.path(signature)
                            + ": signed with a certificate, not a bare key; give --certificate ROOT.pem");
                }
                Certificates.requireTrusted(signature, chain.certificates(), roots.certificates, roots.at);
                yield EcKey.of(signature, chain.certificates().getFirst().getPublicKey());
            }
        };
    }

    private static void requireFiles(Path model, Path signature, Statement statement, Progress progress) {
        Map<String, String> signed = new HashMap<>();
        for (Resource r : statement.resources()) {
            // Bundles before 1.1 call a single file "."
            boolean single = !Files.isDirectory(model) && r.name().equals(".");
            String name = single ? Folders.name(model) : r.name();
            if (signed.put(name, r.sha256()) != null) {
                throw IngotException.BadData.in(signature, Text.quote(name) + " is listed twice");
            }
        }
        for (Resource r : found(model, signature, statement.scope(), progress)) {
            String expected = signed.remove(r.name());
            if (expected == null) {
                throw new IngotException.NotAuthentic(
                        Text.path(model) + ": " + Text.quote(r.name()) + " is not among the signed files ("
                                + names(statement) + ")",
                        null);
            }
            if (!expected.equals(r.sha256())) {
                throw new IngotException.NotAuthentic(
                        Text.path(model) + ": " + Text.quote(r.name()) + " was changed after it was signed: SHA-256 "
                                + r.sha256() + ", signed " + expected,
                        null);
            }
        }
        Optional<String> missing = signed.keySet().stream().sorted().findFirst();
        if (missing.isPresent()) {
            throw new IngotException.NotAuthentic(
                    Text.path(model) + ": " + Text.quote(missing.get()) + " was signed and is not there", null);
        }
    }

    /** What lies there now. What could not have been signed was not. */
    private static List<Resource> found(Path model, Path signature, Scope scope, Progress progress) {
        try {
            return ModelFiles.list(model, scope, signature).resources(scope, progress);
        } catch (IngotException.BadData e) {
            throw new IngotException.NotAuthentic(String.valueOf(e.getMessage()), e);
        }
    }

    private static String names(Statement statement) {
        String first = Text.quote(statement.resources().getFirst().name());
        int more = statement.resources().size() - 1;
        return more == 0 ? first : first + " and " + more + " more";
    }

    private static ModelSignature of(Bundle bundle, String hint, Statement statement) {
        String signer = switch (bundle.material()) {
            case Bundle.KeyHint _ -> hint;
            case Bundle.Chain chain ->
                chain.certificates().getFirst().getSubjectX500Principal().getName();
        };
        Scope scope = statement.scope();
        return new ModelSignature(
                bundle.material() instanceof Bundle.Chain ? "certificate" : "key",
                signer,
                statement.rootDigest(),
                statement.resources().size(),
                scope.ignored().stream()
                        .filter(path -> !ModelFiles.ALWAYS_IGNORED.contains(path))
                        .toList(),
                scope.followLinks());
    }
}
