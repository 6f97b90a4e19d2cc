package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.tests.cli.ChildCommand;
import ingot.tests.torch.Pickle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Pickles made to exhaust memory end with 65 and one line in a command that has 64 MiB of heap for everything. */
final class PickleHeapTest {
    private static final int MANY = 1_400_000;

    @TempDir
    private Path folder;

    private static Arguments pickle(String what, String message, Consumer<Pickle> push) {
        return Arguments.of(what, message, push);
    }

    private static String lists(String item) {
        return "]" + ("(" + item.repeat(999) + "e").repeat(MANY / 999);
    }

    static Stream<Arguments> pickles() {
        return Stream.of(
                pickle("nesting", "nest deeper than 64", p -> p.op(")").op("\u0085".repeat(500_000))),
                pickle("nesting without end", "more than 40 MiB", p -> p.op(")").op("\u0085".repeat(10_000_000))),
                pickle(
                        "nested lists",
                        "nest deeper than 64|on the stack",
                        p -> p.op("]".repeat(90_000)).op("a".repeat(89_999))),
                pickle("empty dicts", "more than 40 MiB", p -> p.op(lists("}"))),
                pickle("empty lists", "more than 40 MiB", p -> p.op(lists("]"))),
                pickle("short strings", "more than 40 MiB", p -> p.op(lists("U\u0001x"))),
                pickle(
                        "wide strings",
                        "more than 40 MiB",
                        p -> p.op("](")
                                .op("X\u0000\u0000\u0008\u0000")
                                .op("\u00e4\u00b8\u0080".repeat(1 << 17) + "x".repeat((1 << 19) - 3 * (1 << 17)))
                                .op("e")
                                .op("(")
                                .op(("X\u0000\u0000\u0008\u0000" + "x".repeat(1 << 19)).repeat(50))
                                .op("e")),
                pickle("entries of dicts", "more than 40 MiB", p -> {
                    p.op("}");
                    for (int i = 0; i < 600; i++) {
                        p.op("(");
                        for (int k = 0; k < 999; k++) {
                            p.text(Integer.toString(i * 1000 + k)).op("N");
                        }
                        p.op("u");
                    }
                }),
                pickle("memo", "memo entry 4000000000; at most|more than 40 MiB", p -> {
                    p.op("N");
                    for (int i = 0; i < MANY; i++) {
                        p.op("r").raw(Pickle.little(i, 4));
                    }
                    p.op("r").raw(Pickle.little(4_000_000_000L, 4));
                }),
                pickle("tuples of one tuple", "nest deeper than 64|on the stack|more than 40 MiB|values in", p -> {
                    p.op("(" + "N".repeat(50_000) + "tq\u0001");
                    p.op(("(" + "h\u0001".repeat(10_000) + "tq\u0001").repeat(1000));
                }),
                pickle(
                        "a string of 31 MiB",
                        "a string of 32505856 bytes",
                        p -> p.op("X").raw(Pickle.little(31 << 20, 4)).op("x".repeat(31 << 20))),
                pickle(
                        "a string of 4 GiB",
                        "4294967295 bytes announced",
                        p -> p.op("X").raw(-1, -1, -1, -1)),
                pickle("LONG4 of 2 GiB", "the pickle uses LONG4", p -> p.raw(0x8b, -1, -1, -1, 0x7f)),
                pickle("long integers", "more than 40 MiB", p -> p.op(lists("\u008a\u0010" + "x".repeat(16)))),
                pickle("integers", "more than", p -> p.op("]" + ("(" + "K\u0007".repeat(999) + "e").repeat(1600))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pickles")
    void endsWithBadData(String what, String message, Consumer<Pickle> push) throws IOException, InterruptedException {
        requireBadData(message, with(push).write(Files.createDirectory(folder.resolve("model")), z -> {}));
    }

    private static TorchModel with(Consumer<Pickle> push) {
        return new TorchModel()
                .before(p -> {
                    p.op("(");
                    push.accept(p);
                })
                .after(p -> p.op("t"));
    }

    /** The layout before torch 1.6 has five pickles: what they make counts together, for tensors and keys are both kept. */
    @Test
    void legacyPickles() throws IOException, InterruptedException {
        TorchModel model = new TorchModel();
        String norm = TinyModel.NORM;
        model.after(p -> {
            p.op("(");
            for (int i = 0; i < 20_000; i++) {
                p.text("t" + i).global("torch._utils", "_rebuild_tensor_v2").op("(");
                p.storage("FloatStorage", model.key(norm), model.numel(norm), "N")
                        .rebuilt(0, model.size(norm), new long[] {1});
            }
            p.op("u");
        });
        requireBadData("more than 40 MiB", model.writeLegacy(Files.createDirectory(folder.resolve("model")), parts -> {
            Pickle keys = Pickle.begin();
            keys.op(lists("U\u0001x").substring(0, 1 + 450 * 2999));
            parts.put("keys", keys.stop());
            return parts;
        }));
    }

    private void requireBadData(String message, Path model) throws IOException, InterruptedException {
        var outcome = ChildCommand.run(
                List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                "convert",
                model.toString(),
                "-o",
                folder.resolve("x.ingot").toString());
        assertEquals(65, outcome.exit(), outcome::err);
        // The JVM itself says that the vector module is an incubating one.
        long lines = outcome.err()
                .lines()
                .filter(l -> !l.startsWith("WARNING: Using incubator"))
                .count();
        assertEquals(1, lines, outcome::err);
        assertTrue(outcome.err().matches("(?s).*(" + message + ").*"), outcome::err);
        assertFalse(Files.exists(folder.resolve("x.ingot")));
    }
}
