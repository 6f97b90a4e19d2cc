package ingot.quant;

import ingot.formats.Progress;
import ingot.formats.ingot.Checksum;
import ingot.formats.ingot.SourceFile;
import ingot.formats.io.Folders;
import ingot.formats.io.InputFile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** SHA-256 of the files that a model is made from. */
final class SourceHashes {
    private SourceHashes() {}

    /** The files without hashes, for plans. */
    static List<SourceFile> unknown(List<InputFile> files) {
        return files.stream()
                .map(f -> new SourceFile(Folders.name(f.path()), f.size(), SourceFile.UNKNOWN))
                .toList();
    }

    /** Hashes all files, each on one thread. */
    static List<SourceFile> of(List<InputFile> files, int threads, Progress progress) {
        List<SourceFile> hashed = new ArrayList<>(unknown(files));
        long total = files.stream().mapToLong(InputFile::size).sum();
        AtomicLong done = new AtomicLong();
        Object turn = new Object();
        LongConsumer advance = bytes -> {
            synchronized (turn) {
                progress.step("hashing the source", done.addAndGet(bytes), total, Progress.Unit.BYTES);
            }
        };
        List<Tasks.Task> tasks = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            int index = i;
            InputFile file = files.get(i);
            tasks.add(new Tasks.Task(file.size(), () -> hashed.set(index, of(file, advance))));
        }
        Tasks.run(tasks, threads);
        return hashed;
    }

    /** Hashes one file; {@code advance} is told of every piece. */
    static SourceFile of(InputFile file, LongConsumer advance) {
        return new SourceFile(Folders.name(file.path()), file.size(), Checksum.sha256(file, 0, file.size(), advance));
    }
}
