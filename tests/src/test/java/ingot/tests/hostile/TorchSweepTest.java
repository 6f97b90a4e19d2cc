package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.TensorInfo;
import ingot.formats.torch.TorchFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every prefix and every single-bit error of small PyTorch files: refused as bad data, or read as something sane. */
final class TorchSweepTest {
    private static final Path SAVED = Path.of(System.getProperty("ingot.root"), "golden-outputs", "torch");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"module", "module-legacy", "views-legacy"})
    void everyPrefixIsRefused(String name) throws IOException {
        byte[] file = Files.readAllBytes(SAVED.resolve(name + ".bin"));
        for (int n = 0; n < file.length; n++) {
            int length = n;
            IngotException e = assertThrows(
                    IngotException.BadData.class,
                    () -> read(Arrays.copyOf(file, length)),
                    () -> "of " + length + " bytes");
            assertTrue(String.valueOf(e.getMessage()).chars().noneMatch(Character::isISOControl), e::getMessage);
        }
        assertEquals(true, readOrRefuse(file));
    }

    /** Whatever bit of an archive is wrong: no tensor is given out that is not the one saved. */
    @Test
    void everyBitErrorOfAnArchiveIsRefusedOrHarmless() throws IOException {
        byte[] file = Files.readAllBytes(SAVED.resolve("module.bin"));
        List<String> right = read(file);
        int accepted = 0;
        for (int bit = 0; bit < 8 * file.length; bit++) {
            byte[] damaged = file.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            try {
                assertEquals(right, read(damaged), "bit " + bit);
                accepted++;
            } catch (IngotException.BadData e) {
                assertTrue(String.valueOf(e.getMessage()).chars().noneMatch(Character::isISOControl), e::getMessage);
            }
        }
        // Times, versions, padding, attributes.
        assertTrue(accepted > 0 && accepted < 4 * file.length, accepted + " of " + 8 * file.length + " accepted");
    }

    /** A pickle without a checksum over it: every bit of it may lie. */
    @Test
    void everyBitErrorOfALegacyPickleIsRefusedOrSane() throws IOException {
        for (String name : List.of("module-legacy", "kinds-legacy", "nested-state-dict-legacy")) {
            byte[] file = Files.readAllBytes(SAVED.resolve(name + ".bin"));
            int accepted = 0;
            for (int bit = 0; bit < 8 * file.length; bit++) {
                byte[] damaged = file.clone();
                damaged[bit / 8] ^= (byte) (1 << bit % 8);
                accepted += readOrRefuse(damaged) ? 1 : 0;
            }
            assertTrue(
                    accepted > 0 && accepted < 8 * file.length * 3 / 4,
                    accepted + " of " + 8 * file.length + " accepted");
        }
    }

    /** A forger writes right checksums: bytes of the pickle are replaced, cut out, doubled. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void forgedPicklesAreRefusedOrSane(int seed) throws IOException {
        Random random = new Random(seed);
        byte[] pickle = new TorchModel().pickle();
        int refused = 0;
        for (int i = 0; i < 1500; i++) {
            byte[] forged = mutate(pickle, random);
            ZipBytes zip = new TorchModel().zip();
            zip.entry(TorchModel.TOP + "data.pkl").replace(forged);
            refused += readOrRefuse(zip.bytes()) ? 0 : 1;
        }
        assertTrue(refused > 300 && refused < 1500, refused + " of 1500 refused");
    }

    /** The same for the archive around it. */
    @ParameterizedTest
    @ValueSource(ints = {4, 5, 6})
    void forgedArchivesAreRefusedOrSane(int seed) throws IOException {
        Random random = new Random(seed);
        byte[] file = Files.readAllBytes(SAVED.resolve("types.bin"));
        int refused = 0;
        for (int i = 0; i < 1500; i++) {
            refused += readOrRefuse(mutate(file, random)) ? 0 : 1;
        }
        assertTrue(refused > 300 && refused < 1500, refused + " of 1500 refused");
    }

    private static byte[] mutate(byte[] file, Random random) {
        int at = random.nextInt(file.length);
        int n = Math.min(1 + random.nextInt(9), file.length - at);
        byte[] part = new byte[n];
        random.nextBytes(part);
        return switch (random.nextInt(4)) {
            case 0 -> splice(file, at, n, new byte[0]);
            case 1 -> splice(file, at, 0, Arrays.copyOfRange(file, at, at + n));
            case 2 -> splice(file, at, n, part);
            default -> splice(file, at, 1, new byte[] {(byte) random.nextInt(256)});
        };
    }

    private static byte[] splice(byte[] file, int at, int cut, byte[] with) {
        byte[] out = new byte[file.length - cut + with.length];
        System.arraycopy(file, 0, out, 0, at);
        System.arraycopy(with, 0, out, at, with.length);
        System.arraycopy(file, at + cut, out, at + with.length, file.length - at - cut);
        return out;
    }

    private boolean readOrRefuse(byte[] file) throws IOException {
        try {
            read(file);
            return true;
        } catch (IngotException.BadData e) {
            return false;
        }
    }

    /** Names, types, shapes and bytes of all tensors; their memory is at most that of the file. */
    private List<String> read(byte[] bytes) throws IOException {
        Path path = folder.resolve("x.bin");
        Files.write(path, bytes);
        try (TorchFile file = TorchFile.open(path)) {
            return file.tensors().values().stream()
                    .map(t -> t.name() + t.dtype() + t.shape() + Arrays.hashCode(all(file, t, bytes.length)))
                    .toList();
        }
    }

    private static byte[] all(TorchFile file, TensorInfo t, int fileLength) {
        assertEquals(t.shape().count() * t.dtype().bytes(), t.bytes(), t.name());
        assertTrue(t.bytes() <= fileLength, t.name());
        byte[] out = new byte[(int) t.bytes()];
        file.read(t, 0, MemorySegment.ofArray(out));
        return out;
    }
}
