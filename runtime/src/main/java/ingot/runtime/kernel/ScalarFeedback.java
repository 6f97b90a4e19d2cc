package ingot.runtime.kernel;

/** One scale after the other. */
final class ScalarFeedback implements Feedback {
    @Override
    public void errors(Levels levels, Run run, Trials trials, float[] errors) {
        float[] t = new float[run.n()];
        for (int s = 0; s < SCALES; s++) {
            System.arraycopy(run.target().data(), run.target().at(), t, 0, run.n());
            errors[s] = error(levels, run, trials.scales()[s], trials.offsets()[s], t);
        }
    }

    private static float error(Levels levels, Run run, float scale, float offset, float[] t) {
        float inverse = Feedback.inverse(scale);
        float error = 0;
        for (int k = run.n() - 1; k >= 0; k--) {
            float value = levels.nearest((t[k] - offset) * inverse) * scale + offset;
            float r = t[k] - value;
            error += run.d().get(k) * r * r;
            float e = run.weights().get(k) - value;
            int from = run.m().at() + k * run.m().stride();
            for (int i = 0; i < k; i++) {
                t[i] = Math.fma(e, run.m().data()[from + i], t[i]);
            }
        }
        return error;
    }
}
