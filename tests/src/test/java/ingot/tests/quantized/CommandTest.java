package ingot.tests.quantized;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.cli.Console;
import ingot.cli.Main;
import ingot.tests.quantized.IntegerMethods.Zeros;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command on quantized folders. */
final class CommandTest {
    @TempDir
    Path temp;

    private record Result(int code, String out, String err) {}

    private static Result ingot(String... args) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = Main.run(args, Console.of(new ByteArrayInputStream(new byte[0]), out, err, false));
        return new Result(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void withoutATypeQuantizedLayersKeepTheirs() {
        Method gptq = new IntegerMethods.Gptq(4, 32, Zeros.V1_SYMMETRIC, false, true, "F16");
        Path folder = new TinyModel().write(temp, gptq).quantized();
        String output = temp.resolve("m.ingot").toString();
        Result result = ingot("convert", folder.toString(), "-o", output);
        assertEquals(0, result.code(), result.err());
        assertTrue(result.out().contains("21 tensors carried over losslessly from gptq int4 g32"), result.out());
        assertTrue(result.out().contains("int4 g32") && result.out().contains("int8 g32"), result.out());
        Result inspected = ingot("inspect", folder.toString());
        assertEquals(0, inspected.code(), inspected.err());
        assertTrue(inspected.out().contains("21 tensors gptq int4 g32; listed as the f32"), inspected.out());
    }

    @Test
    void anUnknownMethodIsAConfigurationError() {
        new FolderBuilder().write(temp, "{\"quantization_config\":{\"quant_method\":\"quip\"}}");
        Result result =
                ingot("convert", temp.toString(), "-o", temp.resolve("m.ingot").toString());
        assertEquals(78, result.code());
        assertTrue(result.err().contains("quip"), result.err());
    }

    @Test
    void anAdapterFolderThatIsNoneIsMissingInput() throws Exception {
        Path empty = Files.createDirectories(temp.resolve("empty"));
        String output = temp.resolve("m.ingot").toString();
        Result result =
                ingot("convert", TinyModel.FOLDER.toString(), "-o", output, "--adapter", empty.toString(), "--dry-run");
        assertEquals(66, result.code());
        assertTrue(result.err().contains("adapter_config.json"), result.err());
    }
}
