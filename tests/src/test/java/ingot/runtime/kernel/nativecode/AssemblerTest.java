package ingot.runtime.kernel.nativecode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Our encodings against those of GNU as, which {@code tests/encodings} recorded. */
class AssemblerTest {
    private static final Path RECORDED =
            Path.of(System.getProperty("ingot.root"), "tests/src/test/data/x86-encodings.txt");

    @Test
    void everyFormIsEncodedAsGnuAsEncodesIt() throws IOException {
        List<String> recorded = Files.readAllLines(RECORDED);
        List<EncodingCases.Case> cases = EncodingCases.all();
        assertTrue(cases.size() > 900, cases.size() + " cases");
        assertEquals(cases.size(), recorded.size());
        for (int i = 0; i < cases.size(); i++) {
            Assembler a = new Assembler(cases.get(i).encoding());
            cases.get(i).emit().accept(a);
            byte[] bytes = a.bytes();
            // Long fillings are recorded by their ends.
            String hex = HexFormat.of().formatHex(bytes);
            String shown = hex.length() <= 64 ? hex : hex.substring(0, 32) + "." + hex.substring(hex.length() - 32);
            assertEquals(recorded.get(i), shown + " " + cases.get(i).text());
        }
    }

    @Test
    void labelsAreBoundOnce() {
        Assembler a = new Assembler();
        Label label = new Label();
        a.bind(label);
        assertThrows(IllegalStateException.class, () -> a.bind(label));
        assertThrows(IllegalArgumentException.class, () -> new Operand.Zmm(32));
    }
}
