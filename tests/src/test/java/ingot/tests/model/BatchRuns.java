package ingot.tests.model;

import ingot.runtime.Batch;
import ingot.runtime.Model;
import ingot.runtime.Session;
import ingot.runtime.sample.Sampler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Greedy texts that begin and end at different steps of one batch. */
final class BatchRuns {
    /**
     * One sequence.
     *
     * @param join step at which it begins
     * @param count tokens it generates
     */
    record Plan(int[] prompt, int join, int count) {}

    /**
     * What became of a sequence.
     *
     * @param prompted logits at every position of the prompt, [tokens][vocab]
     * @param generated the tokens
     * @param logits after every generated token but the last, [count − 1][vocab]
     */
    record Text(float[] prompted, int[] generated, List<float[]> logits) {}

    private final Model model;
    private final List<Plan> plans;
    private final List<Text> texts = new ArrayList<>();
    private final List<Session> sessions = new ArrayList<>();
    private final int[] made;

    private BatchRuns(Model model, List<Plan> plans) {
        this.model = model;
        this.plans = plans;
        this.made = new int[plans.size()];
        for (Plan plan : plans) {
            float[] prompted = new float[plan.prompt.length * model.info().vocabSize()];
            texts.add(new Text(prompted, new int[plan.count], new ArrayList<>()));
            sessions.add(model.newSession());
        }
    }

    /** Every text of the plans, all in one batch. */
    static List<Text> run(Model model, List<Plan> plans) {
        BatchRuns runs = new BatchRuns(model, plans);
        Batch batch = model.newBatch();
        for (int step = 0; !runs.ended(); step++) {
            List<Integer> active = new ArrayList<>();
            for (int i = 0; i < plans.size(); i++) {
                if (plans.get(i).join <= step && runs.made[i] < plans.get(i).count) {
                    active.add(i);
                }
            }
            if (!active.isEmpty()) {
                runs.step(batch, active);
            }
        }
        runs.sessions.forEach(Session::close);
        return runs.texts;
    }

    private boolean ended() {
        for (int i = 0; i < made.length; i++) {
            if (made[i] < plans.get(i).count) {
                return false;
            }
        }
        return true;
    }

    private void step(Batch batch, List<Integer> active) {
        List<Batch.Input> inputs = new ArrayList<>();
        boolean prompts = false;
        for (int i : active) {
            int[] tokens = made[i] == 0 ? plans.get(i).prompt : new int[] {texts.get(i).generated[made[i] - 1]};
            prompts |= made[i] == 0;
            inputs.add(new Batch.Input(sessions.get(i), tokens));
        }
        int vocab = model.info().vocabSize();
        List<float[]> last;
        if (prompts) {
            float[][] after = new float[active.size()][];
            batch.step(inputs, (input, position, logits) -> {
                int i = active.get(input);
                if (made[i] == 0) {
                    System.arraycopy(logits, 0, texts.get(i).prompted, position * vocab, vocab);
                }
                after[input] = logits.clone();
            });
            last = Arrays.asList(after);
        } else {
            last = batch.step(inputs);
        }
        for (int k = 0; k < active.size(); k++) {
            int i = active.get(k);
            if (made[i] > 0) {
                texts.get(i).logits.add(last.get(k).clone());
            }
            texts.get(i).generated[made[i]++] = Sampler.argmax(last.get(k));
        }
    }
}
