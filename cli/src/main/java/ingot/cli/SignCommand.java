package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.formats.signing.ModelSignature;
import ingot.formats.signing.SigningIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "sign",
        addMethodSubcommands = false,
        description = "Signs a model, a file or a folder with everything in it, in the OpenSSF Model Signing format: a"
                + " Sigstore bundle beside the model. With a bare key whoever verifies needs the public key;"
                + " with a certificate, the root it leads to. Keys are on P-256, P-384 or P-521.",
        footer = {
            "  ingot sign qwen3.ingot --key key.pem",
            "  ingot sign qwen3.ingot --key key.pem --certificate me.pem --certificate-chain intermediate.pem",
            "  ingot inspect qwen3.ingot --verify-signature qwen3.ingot.sig --key key.pub.pem"
        })
final class SignCommand extends Task {
    @Parameters(index = "0", paramLabel = "MODEL", description = "A model file or folder.")
    Path model = Path.of("");

    @Option(
            names = "--key",
            paramLabel = "KEY.pem",
            required = true,
            description = "The private key: PEM, PKCS #8 or SEC 1, not encrypted.")
    Path key = Path.of("");

    @Option(names = "--certificate", paramLabel = "CERT.pem", description = "The certificate of the key.")
    @Nullable
    Path certificate;

    @Option(
            names = "--certificate-chain",
            paramLabel = "CHAIN.pem",
            description = "Certificates between it and the root (repeatable).")
    List<Path> chain = new ArrayList<>();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "OUT.sig",
            description = "The bundle to write (default: MODEL.sig; model.sig in a folder).")
    @Nullable
    Path output;

    @Option(names = "--force", description = "Replace an existing bundle.")
    boolean force;

    @Override
    int run(Console console) {
        if (certificate == null && !chain.isEmpty()) {
            throw new IngotException.Usage("--certificate-chain needs --certificate");
        }
        SigningIdentity identity = certificate == null
                ? SigningIdentity.ofKey(key)
                : SigningIdentity.ofCertificate(key, certificate, chain);
        Path target = output == null ? beside(model) : output;
        ModelSignature signature;
        try (var progress = common.progress(console)) {
            signature = ModelSignature.sign(model, identity, target, force, progress);
        }
        if (common.json) {
            ObjectNode root = json(signature);
            root.put("output", target.toString());
            print(console, root);
        } else {
            console.out()
                    .println(Text.path(target) + ": " + describe(signature) + ", " + signature.files()
                            + (signature.files() == 1 ? " file" : " files") + ", model " + signature.rootDigest());
        }
        return ExitCode.DONE;
    }

    private static Path beside(Path model) {
        return Files.isDirectory(model)
                ? model.resolve("model.sig")
                : model.resolveSibling(Folders.name(model) + ".sig");
    }

    static String describe(ModelSignature signature) {
        return "signed with the " + signature.method() + " " + Text.quote(signature.signer());
    }

    static ObjectNode json(ModelSignature signature) {
        ObjectNode root = Json.object()
                .put("method", signature.method())
                .put("signer", signature.signer())
                .put("files", signature.files())
                .put("sha256", signature.rootDigest())
                .put("follows_links", signature.followsLinks());
        ArrayNode ignored = root.putArray("ignored");
        signature.ignored().forEach(ignored::add);
        return root;
    }
}
