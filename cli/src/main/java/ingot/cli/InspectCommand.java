package ingot.cli;

import ingot.cli.render.InspectFormat;
import ingot.formats.Text;
import ingot.formats.signing.ModelSignature;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "inspect",
        addMethodSubcommands = false,
        description =
                "Decides by content: an .ingot file, a model folder, a safetensors, PyTorch or GGUF file, a golden"
                        + " file, recorded logits. Shows format, architecture, tensors, types, bits per weight,"
                        + " tokenizer, provenance and checksums.",
        footer = {
            "  ingot inspect qwen3.ingot",
            "  ingot inspect Qwen3-0.6B --tensors",
            "  ingot inspect qwen3.ingot --verify --json",
            "  ingot inspect qwen3.ingot --verify-signature qwen3.ingot.sig --key key.pub.pem"
        })
final class InspectCommand extends Task {
    @Parameters(index = "0", paramLabel = "ANY", description = "A file or a model folder.")
    Path path = Path.of("");

    @Option(names = "--tensors", description = "List every tensor.")
    boolean tensors;

    @Option(names = "--verify", description = "Read everything again and check every checksum.")
    boolean verify;

    @Mixin
    final SignatureFlags signature = new SignatureFlags();

    @Override
    int run(Console console) {
        try (var progress = common.progress(console)) {
            Optional<ModelSignature> signed = signature.verify(path, progress);
            ObjectNode root = Inspector.inspect(path, verify, progress);
            signed.ifPresent(s -> {
                root.set("signature", SignCommand.json(s));
                warnings(s).forEach(w -> root.withArrayProperty("warnings").add(w));
            });
            if (common.json) {
                print(console, root);
            } else {
                console.out().print(InspectFormat.text(root, tensors));
            }
        }
        return ExitCode.DONE;
    }

    /** What the signer chose, and a reader would not expect. */
    private static List<String> warnings(ModelSignature signature) {
        List<String> found = new ArrayList<>();
        if (!signature.ignored().isEmpty()) {
            found.add("the signature says nothing of what lies under "
                    + signature.ignored().stream().map(Text::quote).collect(Collectors.joining(", ")));
        }
        if (signature.followsLinks()) {
            found.add("the signature follows symbolic links: files outside of the folder may be meant");
        }
        return found;
    }
}
