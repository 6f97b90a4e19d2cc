package ingot.runtime.verify;

import ingot.runtime.golden.GoldenPrompt;
import ingot.runtime.verify.VerifyReport.Greedy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Compares the greedy continuations of a golden file with a subject's. */
final class GreedyTexts {
    private GreedyTexts() {}

    /**
     * {@code greedy_ids} were made by computing the whole sequence at every step; here those of all prompts in one call.
     *
     * @return one result for every prompt
     */
    static List<Greedy> recomputed(Subject subject, List<GoldenPrompt> prompts) {
        int[] matched = new int[prompts.size()];
        List<Integer> going = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            going.add(i);
        }
        going.removeIf(i -> prompts.get(i).greedyIds().length == 0);
        while (!going.isEmpty()) {
            List<int[]> texts =
                    going.stream().map(i -> text(prompts.get(i), matched[i])).toList();
            int[] next = subject.next(texts);
            List<Integer> right = new ArrayList<>();
            for (int k = 0; k < next.length; k++) {
                int i = going.get(k);
                int[] expected = prompts.get(i).greedyIds();
                if (next[k] == expected[matched[i]] && ++matched[i] < expected.length) {
                    right.add(i);
                }
            }
            going = right;
        }
        List<Greedy> results = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            results.add(new Greedy(matched[i], prompts.get(i).greedyIds().length));
        }
        return results;
    }

    /** The prompt and the first tokens of its continuation. */
    private static int[] text(GoldenPrompt prompt, int continued) {
        int[] text = Arrays.copyOf(prompt.inputIds(), prompt.length() + continued);
        System.arraycopy(prompt.greedyIds(), 0, text, prompt.length(), continued);
        return text;
    }

    /** With the subject's cache, prompt by prompt: this is how a conversation goes, token by token. */
    static Greedy cached(Subject subject, GoldenPrompt prompt) {
        int[] expected = prompt.greedyIdsCached();
        if (expected.length == 0) {
            return new Greedy(0, 0);
        }
        int mismatch = Arrays.mismatch(subject.greedy(prompt.inputIds(), expected.length), expected);
        return new Greedy(mismatch < 0 ? expected.length : mismatch, expected.length);
    }
}
