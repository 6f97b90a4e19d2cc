package ingot.runtime.perplexity;

import ingot.formats.IngotException;
import ingot.formats.IngotException.BadData;
import ingot.formats.Numbers;
import ingot.formats.Text;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * Log-probabilities of a reference run, in the file that llama.cpp's perplexity tool writes and reads with
 * {@code --kl-divergence-base}. Little-endian:
 *
 * <pre>
 * "_logits_"  u32 context  i32 vocab  i32 chunks  i32 tokens[chunks × context]
 * per chunk, per scored position:  f32 scale  f32 minimum  u16 code[vocab, rounded up to even]
 * log p(token) = scale × code + minimum
 * </pre>
 *
 * Scored are the positions context/2 … context − 2; their logits predict the following token. Logits more than 16 below
 * the largest all get code 0.
 */
public final class LogitsFile implements AutoCloseable {
    static final byte[] MAGIC = {'_', 'l', 'o', 'g', 'i', 't', 's', '_'};
    static final int HEADER = 20;
    /** Below the largest logit by this much is as good as impossible: e^-16 ≈ 1e-7. */
    static final float RANGE = 16;
    /** Keeps the token table below 256 MiB. */
    private static final long MAX_TOKENS = 1 << 26;

    private final Path path;
    private final FileChannel channel;
    private final PerplexityOptions options;
    private final int vocab;
    private final int chunks;
    private final int[] tokens;

    private LogitsFile(Path path, FileChannel channel) throws IOException {
        this.path = path;
        this.channel = channel;
        long size = channel.size();
        MemorySegment header = read(0, Math.toIntExact(Math.min(size, HEADER)));
        if (size < HEADER || header.asSlice(0, 8).mismatch(MemorySegment.ofArray(MAGIC)) >= 0) {
            throw BadData.at(path, 0, "expected the magic '_logits_' and a header of " + HEADER + " bytes");
        }
        int context = header.get(Numbers.LE_INT, 8);
        this.vocab = header.get(Numbers.LE_INT, 12);
        this.chunks = header.get(Numbers.LE_INT, 16);
        if (context < 4 || context > 1 << 20) {
            throw BadData.at(path, 8, "a context of " + context + " tokens");
        }
        if (vocab < 1 || vocab > 1 << 24) {
            throw BadData.at(path, 12, "a vocabulary of " + vocab + " tokens");
        }
        long count = (long) chunks * context;
        if (chunks < 1 || count > MAX_TOKENS) {
            throw BadData.at(path, 16, chunks + " chunks of " + context + " tokens");
        }
        this.options = new PerplexityOptions(context, 0);
        long expected = HEADER + 4 * count + Math.multiplyExact((long) chunks * options.scored(), rowBytes(vocab));
        if (size != expected) {
            throw BadData.in(
                    path,
                    size + " bytes, but " + chunks + " chunks of " + context + " tokens over a vocabulary of " + vocab
                            + " take " + expected + "; the file is incomplete or not of this format");
        }
        this.tokens = new int[(int) count];
        MemorySegment.copy(read(HEADER, 4 * tokens.length), Numbers.LE_INT, 0, tokens, 0, tokens.length);
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] < 0 || tokens[i] >= vocab) {
                throw BadData.at(path, HEADER + 4L * i, "token " + tokens[i] + " outside the vocabulary of " + vocab);
            }
        }
    }

    /** Opens and checks everything but the probabilities. */
    public static LogitsFile open(Path path) {
        if (!Files.exists(path)) {
            throw new IngotException.MissingInput(Text.path(path) + ": no such file");
        }
        try {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            try {
                return new LogitsFile(path, channel);
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(path) + ": cannot be read: " + Text.reason(e), e);
        }
    }

    /** Whether a file starts with the magic of this format. */
    public static boolean recognises(Path path) {
        if (!Files.isRegularFile(path)) {
            return false;
        }
        try (var in = Files.newInputStream(path)) {
            return Arrays.equals(in.readNBytes(MAGIC.length), MAGIC);
        } catch (IOException e) {
            return false;
        }
    }

    public int context() {
        return options.context();
    }

    public int vocabSize() {
        return vocab;
    }

    public int chunks() {
        return chunks;
    }

    /** All tokens, chunk after chunk. */
    public int[] tokens() {
        return tokens.clone();
    }

    /**
     * Reads the log-probabilities [vocab] of one scored position, in nats.
     *
     * @param index 0 for position context/2
     */
    public void read(int chunk, int index, float[] logProbabilities) {
        long row = (long) chunk * options.scored() + index;
        long at = HEADER + 4L * tokens.length + row * rowBytes(vocab);
        MemorySegment segment;
        try {
            segment = read(at, Math.toIntExact(rowBytes(vocab)));
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(path) + ": @" + at + ": " + Text.reason(e), e);
        }
        float scale = segment.get(Numbers.LE_FLOAT, 0);
        float minimum = segment.get(Numbers.LE_FLOAT, 4);
        if (!Float.isFinite(scale) || scale < 0 || !Float.isFinite(minimum)) {
            throw BadData.at(path, at, "scale " + scale + " and minimum " + minimum + " of a row");
        }
        for (int i = 0; i < vocab; i++) {
            int code = Short.toUnsignedInt(segment.get(Numbers.LE_SHORT, 8 + 2L * i));
            logProbabilities[i] = scale * code + minimum;
        }
    }

    /** Bytes per scored position. */
    static long rowBytes(int vocab) {
        return 8 + 4L * ((vocab + 1L) / 2);
    }

    /** Encodes one row; the counterpart of {@link #read}. */
    static void encode(float[] logits, double logSumExp, ByteBuffer out) {
        float max = logits[0];
        float min = logits[0];
        for (float x : logits) {
            max = Math.max(max, x);
            min = Math.min(min, x);
        }
        min = Math.max(min, max - RANGE);
        float scale = (max - min) / 65535;
        out.order(ByteOrder.LITTLE_ENDIAN).putFloat(scale).putFloat((float) (min - logSumExp));
        for (float x : logits) {
            out.putShort((short) (scale > 0 && x > min ? Math.round((x - min) / scale) : 0));
        }
        if (logits.length % 2 == 1) {
            out.putShort((short) 0);
        }
    }

    private MemorySegment read(long at, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, at + buffer.position()) < 0) {
                throw new IngotException.ReadWrite(
                        Text.path(path) + ": @" + (at + buffer.position()) + ": the file became shorter", null);
            }
        }
        return MemorySegment.ofArray(buffer.array());
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(path) + ": " + Text.reason(e), e);
        }
    }
}
