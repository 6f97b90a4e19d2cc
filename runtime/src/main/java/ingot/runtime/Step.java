package ingot.runtime;

import ingot.formats.IngotException;
import ingot.runtime.model.Chunk;
import ingot.runtime.model.Decoder;
import ingot.runtime.model.SequenceMemory;
import ingot.runtime.model.Span;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One call for one session or for several: their tokens go through the layers in chunks, session after session, and either
 * all sessions are ahead afterwards or none.
 *
 * <p>No chunk has one row alone where the call has more than one, as a row alone is summed in another order; and a session's
 * tokens are cut at multiples of {@link Decoder#CUT}. So cuts change no bit.
 */
final class Step {
    /** Rows computed at once: enough that weights are read rarely, few enough for small buffers. */
    private static final int ROWS = 512;

    /** Rows of logits computed at once; 16 rows of the largest vocabulary are 10 MB. */
    private static final int LOGIT_ROWS = 16;

    private final Model model;
    private final Decoder decoder;
    private final int vocab;
    private final int hidden;
    private final Chunk chunk = new Chunk();
    private int[] ids = {};
    private float[] lastRows = {};
    private float[] logits = {};

    /** Looks at a chunk that has passed the layers. */
    interface ChunkEnd {
        /** @param first input with rows in the chunk; those after it follow in their order */
        void accept(int first);
    }

    /** Takes the hidden states of one session after the final norm. */
    interface States {
        /**
         * @param at where {@code position} is in the call
         * @param row of the chunk, to be asked for with {@link #state}
         */
        void accept(int at, int row);
    }

    Step(Model model, Decoder decoder) {
        this.model = model;
        this.decoder = decoder;
        this.vocab = model.info().vocabSize();
        this.hidden = model.info().hidden();
    }

    /** Logits after the last token of every input, into the arrays of the sessions. */
    void last(List<Batch.Input> inputs) {
        int length = Math.multiplyExact(inputs.size(), hidden);
        if (lastRows.length < length) {
            lastRows = new float[length];
        }
        run(inputs, null, first -> {
            for (int i = 0; i < chunk.sequences(); i++) {
                Span span = chunk.span(i);
                if (span.position() + span.tokens() == span.length()) {
                    decoder.norm(chunk.first(i) + span.tokens() - 1, lastRows, (first + i) * hidden);
                }
            }
            int done = first + chunk.sequences();
            Span span = chunk.span(chunk.sequences() - 1);
            if (done == inputs.size() && span.position() + span.tokens() == span.length()) {
                lastLogits(inputs);
            }
        });
    }

    private void lastLogits(List<Batch.Input> inputs) {
        int count = inputs.size();
        if (count == 1) {
            decoder.logits(lastRows, 0, 1, inputs.getFirst().session().lastLogits());
            return;
        }
        for (int at = 0; at < count; ) {
            int n = rowsFrom(at, count);
            decoder.logits(lastRows, at, n, logits(n));
            for (int i = 0; i < n; i++) {
                float[] to = inputs.get(at + i).session().lastLogits();
                System.arraycopy(logits, i * vocab, to, 0, vocab);
            }
            at += n;
        }
    }

    /** Logits at every position: input after input, each in order of positions. */
    void all(List<Batch.Input> inputs, BatchConsumer sink) {
        run(inputs, null, first -> {
            int sequence = 0;
            for (int at = 0; at < chunk.tokens(); ) {
                int n = rowsFrom(at, chunk.tokens());
                decoder.logits(at, n, logits(n));
                for (int i = 0; i < n; i++) {
                    int row = at + i - chunk.first(sequence);
                    if (row == chunk.span(sequence).tokens()) {
                        sequence++;
                        row = 0;
                    }
                    int input = first + sequence;
                    float[] to = inputs.get(input).session().lastLogits();
                    System.arraycopy(logits, i * vocab, to, 0, vocab);
                    sink.accept(input, chunk.span(sequence).position() + row, to);
                }
                at += n;
            }
        });
    }

    /** Hidden states of one session, at every position. */
    void states(List<Batch.Input> alone, Decoder.@Nullable Probe probe, States sink) {
        int start = alone.getFirst().session().position();
        run(alone, probe, first -> {
            for (int row = 0; row < chunk.tokens(); row++) {
                sink.accept(chunk.span(0).position() + row - start, row);
            }
        });
    }

    /** The state of a row after the final norm → {@code out[at … at + hidden)}. */
    void state(int row, float[] out, int at) {
        decoder.norm(row, out, at);
    }

    private float[] logits(int rows) {
        if (logits.length < rows * vocab) {
            logits = new float[Math.multiplyExact(rows, vocab)];
        }
        return logits;
    }

    /** How many of {@code count} rows are multiplied with the output head at once from {@code at} on: none is left alone. */
    private static int rowsFrom(int at, int count) {
        int left = count - at;
        return left == LOGIT_ROWS + 1 ? LOGIT_ROWS - 1 : Math.min(left, LOGIT_ROWS);
    }

    /** Runs the tokens of every input through the layers. */
    private void run(List<Batch.Input> inputs, Decoder.@Nullable Probe probe, ChunkEnd end) {
        if (inputs.isEmpty()) {
            throw new IngotException.Usage("no sequences to compute; expected at least one");
        }
        int entered = 0;
        try {
            for (; entered < inputs.size(); entered++) {
                enter(inputs, entered);
            }
            guarded(inputs, probe, end);
        } finally {
            for (int i = 0; i < entered; i++) {
                inputs.get(i).session().leave();
            }
        }
    }

    private void enter(List<Batch.Input> inputs, int number) {
        Session session = inputs.get(number).session();
        if (session.model() != model) {
            throw new IngotException.Usage(
                    input(inputs, number) + "the session belongs to another model; a batch computes those of its own");
        }
        for (int i = 0; i < number; i++) {
            if (inputs.get(i).session() == session) {
                throw new IngotException.Usage(input(inputs, number) + "its session has an input already, number " + i
                        + "; give a session all of its tokens at once");
            }
        }
        session.enter();
    }

    private static String input(List<Batch.Input> inputs, int number) {
        return inputs.size() == 1 ? "" : "input " + number + ": ";
    }

    private void guarded(List<Batch.Input> inputs, Decoder.@Nullable Probe probe, ChunkEnd end) {
        long total = 0;
        long held = 0;
        for (int i = 0; i < inputs.size(); i++) {
            Batch.Input input = inputs.get(i);
            input.session().require(input.tokens(), input(inputs, i));
            total += input.tokens().length;
            held += input.session().position();
        }
        requireMemory(inputs, total + held);
        boolean done = false;
        try {
            model.requireReadable();
            for (Batch.Input input : inputs) {
                catchUp(input.session());
                input.session().memory().mark();
            }
            compute(inputs, total, probe, end);
            for (Batch.Input input : inputs) {
                input.session().append(input.tokens());
            }
            done = true;
        } catch (InternalError e) {
            // Lost pages of a mapped file, where the system reports them to the reader.
            model.requireIntact();
            throw e;
        } catch (OutOfMemoryError e) {
            throw new IngotException.OutOfResources("no memory for " + tokens(inputs, total + held)
                    + ": give Java a larger heap (-Xmx), use a smaller type for the KV cache (f16, int8) or a shorter"
                    + " text");
        } finally {
            if (!done) {
                for (Batch.Input input : inputs) {
                    input.session().undo();
                }
            }
        }
    }

    private static String tokens(List<Batch.Input> inputs, long count) {
        return count + " tokens in " + (inputs.size() == 1 ? "a session" : inputs.size() + " sessions");
    }

    /** Refuses what cannot succeed before it is begun. */
    private static void requireMemory(List<Batch.Input> inputs, long count) {
        long needed = 0;
        for (Batch.Input input : inputs) {
            Session session = input.session();
            needed += session.memory().bytes(session.position() + input.tokens().length);
        }
        long heap = Runtime.getRuntime().maxMemory();
        if (needed > heap) {
            throw new IngotException.OutOfResources("no memory for " + tokens(inputs, count)
                    + ": their keys and values take " + needed + " bytes, and the heap is limited to " + heap
                    + ": give Java a larger heap (-Xmx), use a smaller type for the KV cache (f16, int8) or a shorter"
                    + " text");
        }
    }

    /** Computes again what a session was to keep but could not restore. */
    private void catchUp(Session session) {
        int end = session.position();
        if (session.computed() < end) {
            session.memory().mark();
            for (int at = session.computed(); at < end; at += chunk.tokens()) {
                int n = rows(end - at, room(end - at));
                chunk.clear();
                add(session.memory(), new Span(at, n, end), session.history(), at);
                decoder.forward(chunk, ids, null);
            }
            session.caughtUp();
        }
    }

    private void compute(List<Batch.Input> inputs, long total, Decoder.@Nullable Probe probe, ChunkEnd end) {
        int number = 0;
        int done = 0;
        for (long left = total; left > 0; left -= chunk.tokens()) {
            int first = number;
            int room = room(left);
            chunk.clear();
            while (number < inputs.size() && chunk.tokens() < room) {
                int[] tokens = inputs.get(number).tokens();
                Session session = inputs.get(number).session();
                int n = rows(tokens.length - done, room - chunk.tokens());
                if (n > 0) {
                    int start = session.position();
                    add(session.memory(), new Span(start + done, n, start + tokens.length), tokens, done);
                    done += n;
                }
                if (done < tokens.length) {
                    break;
                }
                number++;
                done = 0;
            }
            decoder.forward(chunk, ids, probe);
            // Nothing is handed out that was computed from a file somebody wrote to.
            model.requireIntact();
            end.accept(first);
        }
    }

    private void add(SequenceMemory memory, Span span, int[] tokens, int from) {
        int at = chunk.tokens();
        if (ids.length < at + span.tokens()) {
            ids = Arrays.copyOf(ids, at + span.tokens());
        }
        System.arraycopy(tokens, from, ids, at, span.tokens());
        chunk.add(memory, span);
    }

    /** Rows of the next chunk when there are {@code left}. */
    private static int room(long left) {
        return left == ROWS + 1 ? ROWS + 1 : ROWS;
    }

    /** How many of a session's tokens go into a chunk that has room for so many. */
    private static int rows(int left, int room) {
        return left <= room ? left : room - room % Decoder.CUT;
    }
}
