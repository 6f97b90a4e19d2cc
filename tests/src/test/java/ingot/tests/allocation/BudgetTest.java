package ingot.tests.allocation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.quant.allocation.Budget;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class BudgetTest {
    @ParameterizedTest
    @CsvSource({
        "4.25bpw, 1000, 531",
        "4bpw, 1000, 500",
        "120MB, 7, 120000000",
        "4GB, 7, 4000000000",
        "1.5GiB, 7, 1610612736",
        "3 mib, 7, 3145728",
        "70gb, 7, 70000000000"
    })
    void isBytes(String text, long parameters, long bytes) {
        assertEquals(bytes, Budget.parse(text).bytes(parameters));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "4", "bpw", "-1GB", "0GB", "4.bpw", "1e3MB", "4 GB GB", "4TBB", "9999999999999999GB"})
    void anythingElseIsRefused(String text) {
        var e = assertThrows(IngotException.Usage.class, () -> Budget.parse(text));
        assertTrue(e.getMessage().contains("expected bits per weight or a size"), e.getMessage());
    }
}
