package ingot.tests.signing;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import ingot.formats.signing.Trust;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Keys, bundles and schemas of the OpenSSF Model Signing project. */
public final class Vectors {
    public static final Path DATA = Path.of(System.getProperty("ingot.root"), "tests/src/test/data/model-signing");
    static final Path KEYS = DATA.resolve("keys");
    public static final Path SECRET = KEYS.resolve("signing-key.pem");
    public static final Path PUBLIC = KEYS.resolve("signing-key-pub.pem");
    public static final Path CERTIFICATE = KEYS.resolve("signing-key-cert.pem");
    public static final Path INTERMEDIATE = KEYS.resolve("int-ca-cert.pem");
    static final Path ROOT = KEYS.resolve("ca-cert.pem");

    /** All certificates are valid from 2025-05-02 to 2035-04-30. */
    static final Instant VALID = Instant.parse("2026-01-01T00:00:00Z");

    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private Vectors() {}

    public static Trust key() {
        return Trust.ofKey(PUBLIC);
    }

    public static Trust roots() {
        return Trust.ofRoots(List.of(ROOT), VALID);
    }

    static JsonNode json(Path file) {
        try {
            return MAPPER.readTree(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String payload(JsonNode bundle) {
        return new String(
                Base64.getDecoder().decode(bundle.at("/dsseEnvelope/payload").stringValue()), StandardCharsets.UTF_8);
    }

    /** What the schemas of the specification find wrong with a bundle and the statement in it; a validator of others. */
    static List<String> complaints(String bundle) {
        Map<String, String> schemas = new HashMap<>();
        try (Stream<Path> files = Files.list(DATA.resolve("schemas"))) {
            for (Path file : files.toList()) {
                String text = Files.readString(file);
                schemas.put(MAPPER.readTree(text).get("$id").stringValue(), text);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        SchemaRegistry registry =
                SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12, b -> b.schemas(schemas));
        List<Error> found = new ArrayList<>(schema(registry, "bundle").validate(bundle, InputFormat.JSON));
        if (found.isEmpty()) {
            found.addAll(schema(registry, "statement").validate(payload(MAPPER.readTree(bundle)), InputFormat.JSON));
        }
        return found.stream().map(Error::toString).toList();
    }

    private static com.networknt.schema.Schema schema(SchemaRegistry registry, String name) {
        return registry.getSchema(SchemaLocation.of("https://model_signing/" + name + "/v1.0/schema"));
    }
}
