package ingot.tests.hostile;

import ingot.tests.hostile.HostileCase.Accepted;
import ingot.tests.hostile.HostileCase.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The catalogue of bad inputs: what each of the rows 1 to 101 is about, and the table of docs/hostile-files.md. */
final class HostileRows {
    /** The rows in order, the first is row 1. */
    static final List<String> TITLES = """
            safetensors: a file of 0 or 7 bytes
            safetensors: header length 2^63 or 2^64 - 1
            safetensors: header length 100,000,001
            safetensors: header length beyond the end of the file
            safetensors: header length 0
            safetensors: header not UTF-8
            safetensors: byte-order mark
            safetensors: root no object, JSON cut short or not strict
            safetensors: white space around the JSON
            safetensors: NUL padding
            safetensors: a name twice with the same range
            safetensors: a name twice with different ranges
            safetensors: a key twice inside an entry or `__metadata__`
            safetensors: `__metadata__` that is no map of strings
            safetensors: offsets negative, reversed, one, three, no numbers
            safetensors: a shape of something else than integers
            safetensors: a dimension negative or above 2^63; rank 17
            safetensors: tensors overlap
            safetensors: a hole between tensors
            safetensors: the first offset is not 0; header not in the order of offsets
            safetensors: bytes behind the last tensor, a zip archive among them
            safetensors: the file is 2 bytes short
            safetensors: the product of the shape overflows
            safetensors: offsets contradict shape and type
            safetensors: types of less than a byte
            safetensors: unknown types
            safetensors: an extra field, also nested 10,000 deep
            safetensors: a header of 99 MB
            safetensors: names empty, of 300 KB, with NUL or escape sequences
            safetensors: two names that differ in Unicode normalization
            index: a shard in the folder above
            index: a shard by an absolute path
            index: a shard that is a link out of the folder
            index: a shard, or any file, that is a FIFO or device
            index: missing shards
            index: a tensor in two shards
            index: index and shards disagree
            index: `weight_map` or `metadata` of a wrong kind
            pickle: GLOBAL of what is not allowed
            pickle: each instruction that is not allowed
            pickle: a pickle inside a pickle
            pickle: too little on the stack, marks missing
            pickle: cut short
            pickle: memo entries that are not there, or 2^32
            pickle: strings of 2 and 4 GiB, not UTF-8
            pickle: containers inside themselves, nested 100,000 deep, in millions
            pickle: SETITEM or APPEND on a tensor
            pickle: BUILD or REDUCE on a tensor or dict
            pickle: persistent ids of a wrong kind
            torch tensors: numel contradicts the storage
            torch tensors: storage keys that are paths
            torch tensors: sizes, strides and offsets negative, overflowing or past the end
            torch tensors: stride 0, elements that overlap
            torch tensors: transposed
            torch tensors: tied
            torch archive: deflated entry
            torch archive: encrypted entry, flags that differ
            torch archive: local and central names differ
            torch archive: `data.pkl` twice, missing, elsewhere
            torch archive: wrong CRC
            torch archive: bytes before, between or behind; two archives
            torch archive: sizes and 64-bit fields that lie
            torch archive: byteorder big
            torch archive: byteorder neither big nor little
            torch archive: TorchScript
            torch legacy: wrong magic, version, system
            torch legacy: numel and keys contradict the storages
            torch legacy: the last storage is short
            torch: a tar archive
            any file: named as another format; what it is decides
            GGUF: magic
            GGUF: versions 0, 1, 4
            GGUF: big-endian
            GGUF: counts of -1, 2^63 or beyond the file
            GGUF: keys empty or not UTF-8
            GGUF: string lengths 2^64 - 1 or beyond the file
            GGUF: arrays nested, of 2^61, beyond the file; unknown value types
            GGUF: a key or tensor twice; names and counts beyond the bounds
            GGUF: alignment 0, 3, 2^31, text
            GGUF: 5 and 2^32 dimensions
            GGUF: a dimension 0 or negative
            GGUF: the size overflows
            GGUF: the padding overflows
            GGUF: offsets misaligned, negative, overlapping, with holes
            GGUF: data ends behind the file; bytes behind the data
            GGUF: tensor types -1, unknown, not supported
            GGUF: tokens, scores and types of wrong kinds and lengths
            GGUF: byte token `<0x-1>`
            GGUF: split files that lie or are missing
            GGUF: head count 0, unknown settings, tensors and architectures
            tokenizer: expressions that are not Qwen's, also one that backtracks forever
            tokenizer: ids too large, twice, negative, with holes
            tokenizer: merges of unknown parts, twice, of three
            chat template: code, no text, not UTF-8
            values: NaN and infinities
            values: f32 70000 to f16
            values: a scale beyond f16
            values: groups of zeros
            values: subnormal scales
            config: contradicts the tensors
            config: lm_head absent but not tied
            """.lines().toList();

    private static final Pattern ROW = Pattern.compile("row-0*([1-9][0-9]*)-.*");

    private HostileRows() {}

    /** The files of each row that has any; files that belong to no row are left out. */
    static SortedMap<Integer, List<HostileCase>> byRow() {
        SortedMap<Integer, List<HostileCase>> rows = new TreeMap<>();
        for (HostileCase c : HostileCorpus.all()) {
            Matcher row = ROW.matcher(c.name());
            if (row.matches()) {
                rows.computeIfAbsent(Integer.parseInt(row.group(1)), r -> new ArrayList<>())
                        .add(c);
            }
        }
        return rows;
    }

    /** Prints the table. */
    public static void main(String[] args) {
        table().forEach(System.out::println);
    }

    /** Row, what it is about, and its files by their outcome. */
    static List<String> table() {
        List<String> lines = new ArrayList<>();
        byRow().forEach((row, cases) -> {
            SortedMap<String, List<HostileCase>> outcomes = cases.stream()
                    .collect(Collectors.groupingBy(HostileRows::outcome, TreeMap::new, Collectors.toList()));
            lines.add("| " + row + " | " + TITLES.get(row - 1) + " | "
                    + outcomes.entrySet().stream()
                            .map(e -> "**" + e.getKey() + "** " + names(row, e.getValue()))
                            .collect(Collectors.joining("; "))
                    + " |");
        });
        return lines;
    }

    private static String outcome(HostileCase c) {
        return switch (c.expected()) {
            case Refused refused -> Integer.toString(refused.kind().exitCode());
            case Accepted accepted -> accepted.warning().isEmpty() ? "accepted" : "accepted with a warning";
        };
    }

    /** The names without the number, as in {@code ls row-07-*}. */
    private static String names(int row, List<HostileCase> cases) {
        String prefix = String.format("row-%02d-", row);
        return cases.stream()
                .map(c -> "`" + c.name().substring(prefix.length()) + "`")
                .collect(Collectors.joining(", "));
    }
}
