package ingot.tests.hostile;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.StringEntry;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The words that the readers of a target know, as a dictionary of libFuzzer: every string constant of their packages that may
 * be a name. Taken from the compiled classes, so that it knows what they know.
 */
final class FuzzDictionary {
    private static final Pattern NAME = Pattern.compile("[!-:<-~]{2,50}");

    /** Values of every kind; single characters a fuzzer finds by itself. */
    private static final List<String> VALUES = List.of(
            "null", "true", "false", "-1", "0.5", "1E+400", "2147483648", "9223372036854775808", "[]", "{}", "\"\"");

    /** What the lexer knows letter by letter: none of it is a constant of a class. */
    private static final List<String> JINJA = List.of(
            "{{",
            "{{-",
            "-}}",
            "{%-",
            "-%}",
            "{#",
            "{#-",
            "-#}",
            "{% if x %}",
            "{% for x in y %}",
            "{% endfor %}",
            "{% set x = ",
            "~",
            "|",
            "\n");

    /** Lines of {@code qwen.tiktoken}: tokens of one byte and of two, in base64, and their ranks. */
    private static final List<String> RANKS = List.of(
            "AA== 0\n",
            "/w== 255\n",
            "AAA= 256\n",
            "AAAA 257\n",
            "AAAAAA== 258\n",
            "====",
            " 0\n",
            " 2147483648\n",
            "\n\n",
            " 9999999999\n");

    /** How a tokenizer inside an {@code .ingot} file begins: magic, version 1. */
    private static final List<String> STORED = List.of("INGOTTOK", "INGOTTOK\1\0\0\0", "\0\0\0\0", "\377\377\377\177");

    private FuzzDictionary() {}

    /** Argument: the target's name. */
    public static void main(String[] args) throws IOException {
        lines(FuzzTarget.of(args[0])).forEach(System.out::println);
    }

    /** As libFuzzer reads them: quoted, names of JSON with the quotes that they have there. */
    static List<String> lines(FuzzTarget target) throws IOException {
        SortedSet<String> tokens = new TreeSet<>();
        for (String name : names(target)) {
            tokens.add(target.form() == FuzzTarget.Form.BYTES ? name : '"' + name + '"');
        }
        if (target.form() != FuzzTarget.Form.BYTES) {
            tokens.addAll(VALUES);
        }
        tokens.addAll(
                switch (target) {
                    case TEMPLATE -> JINJA;
                    case TOKENIZER_RANKS -> RANKS;
                    case INGOT_TOKENIZER -> STORED;
                    default -> List.of();
                });
        return tokens.stream().map(FuzzDictionary::quoted).toList();
    }

    /** Bytes that are no printable ASCII as {@code \xAB}. */
    private static String quoted(String token) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : token.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                out.append(String.format("\\x%02X", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }

    /** The names themselves. */
    static SortedSet<String> names(FuzzTarget target) throws IOException {
        SortedSet<String> names = new TreeSet<>();
        for (Class<?> one : target.readers()) {
            Path classes = Path.of(location(one));
            if (Files.isDirectory(classes)) {
                addPackage(classes, one, names);
            } else {
                try (FileSystem jar = FileSystems.newFileSystem(classes)) {
                    addPackage(jar.getPath("/"), one, names);
                }
            }
        }
        return names;
    }

    private static java.net.URI location(Class<?> one) {
        try {
            return one.getProtectionDomain().getCodeSource().getLocation().toURI();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void addPackage(Path classes, Class<?> one, SortedSet<String> names) throws IOException {
        Path folder = classes.resolve(one.getPackageName().replace('.', '/'));
        try (var files = Files.newDirectoryStream(folder, "*.class")) {
            files.forEach(file -> addConstants(file, names));
        }
    }

    private static void addConstants(Path file, SortedSet<String> names) {
        try {
            for (PoolEntry entry :
                    ClassFile.of().parse(Files.readAllBytes(file)).constantPool()) {
                if (entry instanceof StringEntry constant
                        && NAME.matcher(constant.stringValue()).matches()) {
                    names.add(constant.stringValue());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
