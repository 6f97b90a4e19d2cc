package ingot.cli;

import java.math.BigDecimal;
import java.util.zip.CRC32C;

/**
 * What commands need soon after their options are parsed, begun while they are: tables of the JDK that are computed at every start
 * (BigDecimal's powers, which every JSON parser asks for, and CRC32C's), 20 ms of the first token. None of these classes waits
 * for one that waits for it, so two threads that initialize them cannot block each other.
 */
final class HeadStart {
    private HeadStart() {}

    /** Returns at once; nothing is lost when there is no thread to spare. */
    static void begin() {
        try {
            Thread.ofPlatform()
                    .daemon()
                    .name("ingot-head-start")
                    .uncaughtExceptionHandler((thread, thrown) -> {})
                    .start(HeadStart::tables);
        } catch (OutOfMemoryError e) {
            // Then they are made when they are asked for, and whoever asks says what is missing.
        }
    }

    private static void tables() {
        CRC32C crc = new CRC32C();
        crc.update(BigDecimal.ONE.signum());
    }
}
