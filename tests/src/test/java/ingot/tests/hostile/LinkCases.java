package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.accept;
import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.HostileCase.missing;
import static ingot.tests.hostile.IndexCases.FILE;
import static ingot.tests.hostile.IndexCases.FIRST;
import static ingot.tests.hostile.IndexCases.INDEX;
import static ingot.tests.hostile.IndexCases.SECOND;
import static ingot.tests.hostile.IndexCases.write;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Row 33: symbolic links in a model folder. */
final class LinkCases {
    private LinkCases() {}

    static List<HostileCase> all() {
        return List.of(
                bad("row-33-link-leaves-the-folder", FILE + "shard '" + SECOND + "' is a link that leaves", f -> {
                    Path model = Files.createDirectory(f.resolve("model"));
                    write(model, root -> {});
                    Files.move(model.resolve(SECOND), f.resolve("elsewhere.safetensors"));
                    Files.createSymbolicLink(model.resolve(SECOND), Path.of("../elsewhere.safetensors"));
                    return model;
                }),
                leaving("row-33-config-links-out", "config.json"),
                leaving("row-33-generation-config-links-out", "generation_config.json"),
                leaving("row-33-tokenizer-links-out", "tokenizer.json"),
                leaving("row-33-tokenizer-config-links-out", "tokenizer_config.json"),
                leaving("row-33-template-links-out", "chat_template.jinja"),
                bad(
                        "row-33-template-links-to-the-kernel",
                        "chat_template\\.jinja: is a link that leaves the model folder",
                        f -> {
                            TokenizerCases.tokenizer(f, TokenizerCases.VOCAB, root -> {});
                            Files.createSymbolicLink(f.resolve("chat_template.jinja"), Path.of("/proc/self/environ"));
                            return f;
                        }),
                new HostileCase(
                        "row-33-template-links-inside",
                        "f32",
                        f -> {
                            TokenizerCases.tokenizer(f, TokenizerCases.VOCAB, root -> {});
                            Files.writeString(
                                    Files.createDirectory(f.resolve("templates"))
                                            .resolve("a"),
                                    "{{ 1 }}");
                            Files.createSymbolicLink(f.resolve("chat_template.jinja"), Path.of("templates/a"));
                            return f;
                        },
                        new HostileCase.Accepted(new TinyModel(TokenizerCases.VOCAB).values(), 0, "")),
                accept("row-33-links-of-a-hub-cache", f -> hub(f, "blobs")),
                bad(
                        "row-33-hub-cache-links-to-another-repository",
                        FILE + ".*is a link that leaves",
                        f -> hub(f, "models--other/blobs")),
                missing("row-33-dangling-link", FILE + "1 of 2 shards are missing: '" + SECOND, f -> {
                    write(f, root -> {});
                    Files.delete(f.resolve(SECOND));
                    Files.createSymbolicLink(f.resolve(SECOND), Path.of("nowhere"));
                    return f;
                }),
                missing("row-33-link-to-itself", FILE + "1 of 2 shards are missing: '" + SECOND, f -> {
                    write(f, root -> {});
                    Files.delete(f.resolve(SECOND));
                    Files.createSymbolicLink(f.resolve(SECOND), Path.of(SECOND));
                    return f;
                }));
    }

    /** A file beside the weights is right in itself, but is one of the folder above. */
    private static HostileCase leaving(String name, String file) {
        return bad(name, file.replace(".", "\\.") + ": is a link that leaves the model folder", f -> {
            Path model = Files.createDirectory(f.resolve("model"));
            TokenizerCases.tokenizer(model, TokenizerCases.VOCAB, root -> {});
            if (Files.exists(model.resolve(file))) {
                Files.move(model.resolve(file), f.resolve("secret"));
            } else {
                Files.writeString(f.resolve("secret"), "{}");
            }
            Files.createSymbolicLink(model.resolve(file), Path.of("../secret"));
            return model;
        });
    }

    /** {@code hub/models--x/snapshots/REV} with links into {@code hub/models--x/blobs} or a folder given from there. */
    private static Path hub(Path folder, String blobs) throws IOException {
        Path repository = folder.resolve("models--x");
        Path snapshot = Files.createDirectories(repository.resolve("snapshots").resolve("0123abcd"));
        Path target = blobs.startsWith("models--") ? folder.resolve(blobs) : repository.resolve(blobs);
        Files.createDirectories(target);
        write(target, root -> {});
        Path own = Files.createDirectories(repository.resolve("blobs"));
        for (String name : List.of("config.json", INDEX, FIRST, SECOND)) {
            Path blob = (name.equals("config.json") ? own : target).resolve("sha-" + name.length() + name.hashCode());
            Files.move(target.resolve(name), blob);
            Files.createSymbolicLink(snapshot.resolve(name), snapshot.relativize(blob));
        }
        return snapshot;
    }
}
