package ingot.quant.calibration;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.AtomicFile;
import ingot.formats.io.Folders;
import ingot.formats.io.InputFile;
import ingot.formats.io.OutputLock;
import ingot.formats.io.Transfer;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.RoundingError;
import ingot.quant.gptq.Target;
import ingot.runtime.model.WeightSpec;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * Where a calibrated conversion keeps what it has done, beside its output, until the output is whole: per step (a layer, or
 * the head) {@code step-N.bin} with the tensors' bytes, {@code step-N.json} that lists them and is written last, and
 * {@code hidden-N.f32}, the residual stream behind the step. A run that was killed goes on behind the last step that is
 * listed.
 */
public final class WorkFolder implements AutoCloseable {
    private final Path folder;
    private final KeptTensors tensors = new KeptTensors();
    private final Map<String, KeptTensor> current = new LinkedHashMap<>();
    private final List<LayerExperts> experts = new ArrayList<>();
    private Optional<FileChannel> writing = Optional.empty();
    private final OutputLock lock;
    private int steps;

    /** What the last finished step left. */
    private Optional<StepList> last = Optional.empty();

    private Found found = Found.NOTHING;

    /**
     * What an earlier run left here.
     *
     * @param steps that it had finished
     * @param continued whether this run goes on behind them; else they were thrown away
     */
    public record Found(int steps, boolean continued) {
        /** There was no work. */
        static final Found NOTHING = new Found(0, false);
    }

    private WorkFolder(Path folder, OutputLock lock) {
        this.folder = folder;
        this.lock = lock;
    }

    /** The folder that belongs to an output. */
    public static Path of(Path output) {
        return output.toAbsolutePath().resolveSibling(Folders.name(output) + ".work");
    }

    /**
     * Takes the folder of an output before it is known what will be done in it, which may take long to find out.
     *
     * @throws IngotException.Busy when another conversion to this output is at work
     * @throws IngotException.CannotCreate when something else has the folder's name
     */
    public static OutputLock lock(Path output) {
        OutputLock lock = OutputLock.take(of(output));
        try {
            WorkFiles.requireOwn(of(output));
            return lock;
        } catch (IOException e) {
            lock.close();
            throw InputFile.failure(of(output), e);
        } catch (RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    /** {@link #open(OutputLock, Path, ObjectNode, boolean) Opens} the folder of an output for work from the beginning. */
    public static WorkFolder begin(Path output, ObjectNode key) {
        return open(lock(output), output, key, false);
    }

    /**
     * Opens the folder of an output.
     *
     * @param lock taken by {@link #lock}, and given back when the folder is closed or cannot be opened
     * @param key says what is being converted and how: work under another key is of no use
     * @param resume go on with what is there; else begin anew
     */
    public static WorkFolder open(OutputLock lock, Path output, ObjectNode key, boolean resume) {
        WorkFolder work = new WorkFolder(of(output), lock);
        try {
            boolean usable = resume && WorkFiles.hasKey(work.folder, key);
            if (usable) {
                work.load();
                work.found = new Found(work.steps, true);
            } else {
                work.found = new Found(WorkFiles.finished(work.folder), false);
                work.clear();
                Files.createDirectories(work.folder);
                WorkFiles.save(WorkFiles.key(work.folder), key);
            }
            return work;
        } catch (IOException e) {
            work.close();
            throw InputFile.failure(work.folder, e);
        } catch (RuntimeException | Error e) {
            work.close();
            throw e;
        }
    }

    /** What there was when the folder was opened. */
    public Found found() {
        return found;
    }

    /** Where everything lies. */
    public Path folder() {
        return folder;
    }

    /** Steps that are done. */
    public int steps() {
        return steps;
    }

    /** A residual stream behind step {@code step}; 0 is what the embedding makes. */
    Path hidden(Residual stream, int step) {
        return folder.resolve(stream.prefix() + "hidden-" + step + ".f32");
    }

    /** Keeps a decision that a resumed run has to share. */
    public void keep(String name, ObjectNode json) {
        WorkFiles.save(folder.resolve(name), json);
    }

    /** What {@link #keep} kept. */
    public Optional<ObjectNode> kept(String name) {
        Path file = folder.resolve(name);
        return Files.exists(file) ? Optional.of(Json.readObject(file, JsonBound.INPUT)) : Optional.empty();
    }

    private Path bytes(int step) {
        return WorkFiles.bytes(folder, step);
    }

    /** Begins step {@link #steps}. */
    void begin() throws IOException {
        current.clear();
        // A list that is there before the step's bytes are would call them finished.
        Files.deleteIfExists(WorkFiles.list(folder, steps));
        writing = Optional.of(FileChannel.open(
                bytes(steps),
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE));
    }

    /** Keeps rows of a tensor of the step; they come in order. A note that earlier rows did not have says where it begins. */
    void add(WeightSpec spec, Target target, int firstRow, Rounded rounded, String note) {
        FileChannel file = writing.orElseThrow();
        KeptTensor kept = current.get(spec.name());
        List<Long> all = target.parts(spec.rows(), spec.cols());
        try {
            if (kept == null) {
                long bytes = all.stream().mapToLong(Long::longValue).sum();
                long offset =
                        current.values().stream().mapToLong(KeptTensor::bytes).sum();
                kept = new KeptTensor(steps, offset, bytes, new RoundingError(0, 0, 0, 0, 0, 0), note);
            }
            long at = kept.offset();
            for (int i = 0; i < all.size(); i++) {
                long before =
                        firstRow == 0 ? 0 : target.parts(firstRow, spec.cols()).get(i);
                Transfer.write(file, at + before, rounded.parts().get(i).asByteBuffer());
                at += all.get(i);
            }
        } catch (IOException e) {
            throw WorkFiles.unwritable(bytes(steps), e);
        }
        current.put(spec.name(), kept.plus(rounded.error(), firstRow, note));
    }

    /** Keeps how many tokens of the set each expert of the step's layer got, if it has experts. */
    void routed(int[] tokens) {
        if (tokens.length > 0) {
            experts.add(new LayerExperts(steps, Arrays.stream(tokens).boxed().toList()));
        }
    }

    /** Ends the step: from here on it need not be done again. */
    void end() throws IOException {
        FileChannel written = writing.orElseThrow();
        written.force(true);
        written.close();
        writing = Optional.empty();
        List<Integer> routed = experts.stream()
                .filter(e -> e.layer() == steps)
                .flatMap(e -> e.tokens().stream())
                .toList();
        List<Path> made = new ArrayList<>(List.of(bytes(steps)));
        for (Residual stream : Residual.values()) {
            made.add(hidden(stream, steps + 1));
        }
        new StepList(routed, current, WorkFiles.hashes(made)).save(WorkFiles.list(folder, steps));
        tensors.add(bytes(steps), current);
        steps++;
        for (Residual stream : Residual.values()) {
            Files.deleteIfExists(hidden(stream, steps - 1));
        }
    }

    private void load() throws IOException {
        while (WorkFiles.done(folder, steps)) {
            StepList list = StepList.read(WorkFiles.list(folder, steps), bytes(steps), steps);
            routed(list.experts().stream().mapToInt(n -> n).toArray());
            tensors.add(bytes(steps), list.tensors());
            last = Optional.of(list);
            steps++;
        }
    }

    /**
     * Refuses to begin what the disk cannot hold.
     *
     * @param bytes of the whole work; what is there already counts
     */
    void requireSpace(long bytes) throws IOException {
        AtomicFile.requireSpace(folder, folder, bytes - WorkFiles.size(folder));
    }

    /** Refuses to go on without one of the residual streams behind the last step, as that step left it. */
    void require(List<Residual> streams) throws IOException {
        for (Residual stream : streams) {
            Path hidden = hidden(stream, steps);
            if (!Files.exists(hidden)) {
                throw new IngotException.BadData(
                        Text.path(hidden) + " is missing; convert without --resume to begin anew");
            }
            if (last.isPresent()) {
                last.get().require(hidden);
            }
        }
    }

    /** Tensors that are done. */
    public KeptTensors tensors() {
        return tensors;
    }

    /** How many tokens each expert of each layer got, of the layers that have experts and are done. */
    public List<LayerExperts> experts() {
        return List.copyOf(experts);
    }

    /** Removes everything: the output is whole. */
    public void clear() {
        closeFiles();
        WorkFiles.remove(folder);
    }

    private void closeFiles() {
        tensors.close();
        try {
            if (writing.isPresent()) {
                writing.get().close();
            }
        } catch (IOException e) {
            throw WorkFiles.unwritable(folder, e);
        }
        writing = Optional.empty();
    }

    @Override
    public void close() {
        try {
            closeFiles();
        } finally {
            lock.close();
        }
    }
}
