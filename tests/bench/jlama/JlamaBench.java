import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.SafeTensorSupport;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;

/**
 * The two tests of {@code ingot bench} with Jlama: FOLDER TYPE THREADS PROMPT GENERATE prints lines "ppN TOKENS_PER_SECOND"
 * and "tgN TOKENS_PER_SECOND". FOLDER TYPE OUTPUT rounds a folder of bf16 weights, with a tokenizer and a README.md, to TYPE,
 * Q4 or I8, before.
 */
public final class JlamaBench {
    private JlamaBench() {}

    public static void main(String[] args) throws Exception {
        DType type = DType.valueOf(args[1]);
        if (args.length == 3) {
            SafeTensorSupport.quantizeModel(
                    Path.of(args[0]), type, new String[] {"norm"}, new String[] {}, Optional.of(Path.of(args[2])));
            return;
        }
        int prompt = Integer.parseInt(args[3]);
        int generate = Integer.parseInt(args[4]);
        File work = Files.createTempDirectory("jlama").toFile();
        try (AbstractModel model = ModelSupport.loadModel(
                new File(args[0]), work, DType.F32, DType.I8, Optional.empty(), Optional.of(Integer.parseInt(args[2])))) {
            int vocabulary = model.getConfig().vocabularySize;
            int[] tokens = new Random(1).ints(prompt + generate, 0, vocabulary).toArray();
            // The first round warms up.
            for (int round = 0; round < 2; round++) {
                try (KvBufferCache cache = new KvBufferCache(model);
                        KvBufferCache.KvBuffer memory = cache.getEphemeralKvBuffer();
                        AbstractTensor logits = model.makeDenseTensor(vocabulary)) {
                    long start = System.nanoTime();
                    model.batchForward(java.util.Arrays.copyOf(tokens, prompt), 0, memory).close();
                    double read = prompt / ((System.nanoTime() - start) / 1e9);
                    start = System.nanoTime();
                    for (int i = 0; i < generate; i++) {
                        try (AbstractTensor out = model.forward(tokens[prompt + i], prompt + i, memory, Optional.empty())) {
                            model.sample(out, 0, 0, logits);
                        }
                    }
                    double made = generate / ((System.nanoTime() - start) / 1e9);
                    if (round == 1) {
                        System.out.printf(Locale.ROOT, "pp%d %.2f%ntg%d %.2f%n", prompt, read, generate, made);
                    }
                }
            }
        }
    }
}
