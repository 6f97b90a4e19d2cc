package ingot.tests.model;

import ingot.runtime.Batch;
import ingot.runtime.GenerationOptions;
import ingot.runtime.Generator;
import ingot.runtime.Model;
import ingot.runtime.Session;
import ingot.runtime.sample.Sampler;
import ingot.runtime.tokenizer.SpecialTokens;
import ingot.runtime.tokenizer.StreamDecoder;
import ingot.runtime.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The examples of docs/library.md, which quotes the parts between the marks. */
final class LibraryExample {
    private LibraryExample() {}

    static String generate(Path path, String prompt) {
        StringBuilder text = new StringBuilder();
        // example: generate
        try (Model model = Model.open(path); // an .ingot file or a Hugging Face folder
                Session session = model.newSession()) {
            Tokenizer tokenizer = model.tokenizer().orElseThrow();
            StreamDecoder decoder = tokenizer.streamDecoder(SpecialTokens.SKIP);
            GenerationOptions options = GenerationOptions.of(model.generationDefaults())
                    .withMaxTokens(24)
                    .withTemperature(0)
                    .withRepetitionPenalty(1);
            new Generator(session, options).generate(tokenizer.encode(prompt), token -> {
                text.append(decoder.push(token));
                return true; // false ends it
            });
            text.append(decoder.flush());
        }
        // end
        return text.toString();
    }

    static int iterate(Session session, int[] prompt) {
        int sum = 0;
        // example: iterate
        var tokens = new Generator(session, GenerationOptions.greedy(10)).iterate(prompt);
        while (tokens.hasNext()) {
            sum += tokens.nextInt(); // computes the token
        }
        // end
        return sum;
    }

    static List<List<Integer>> together(Model model, List<int[]> prompts, int count) {
        List<List<Integer>> texts = new ArrayList<>();
        // example: batch
        Batch batch = model.newBatch();
        List<Batch.Input> inputs = new ArrayList<>();
        for (int[] prompt : prompts) { // of any lengths
            inputs.add(new Batch.Input(model.newSession(), prompt));
            texts.add(new ArrayList<>());
        }
        for (int step = 0; step < count; step++) {
            List<float[]> logits = batch.step(inputs); // one [vocab] for every input
            for (int i = 0; i < inputs.size(); i++) {
                int next = Sampler.argmax(logits.get(i));
                texts.get(i).add(next);
                inputs.set(i, new Batch.Input(inputs.get(i).session(), next));
            }
        }
        // end
        return texts;
    }

    static List<Integer> mostLikely(Session session, int[] tokens) {
        List<Integer> best = new ArrayList<>();
        // example: logits
        float[] last = session.forward(tokens); // [vocab], reused by the next call
        best.add(Sampler.argmax(last));
        session.reset();
        session.forward(tokens, (position, logits) -> best.add(Sampler.argmax(logits)));
        session.truncate(1); // forgets all but the first token
        // end
        return best;
    }

    static float[] embed(Session session, int[] tokens) {
        // example: hidden
        float[] embeddings = session.embeddings(tokens); // [tokens][hidden] after the final norm
        session.reset();
        session.trace(tokens, (name, position, hidden) -> {
            if (name.equals("layer.0")) {
                embeddings[position] = hidden[0];
            }
        });
        // end
        return embeddings;
    }
}
