package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Feedback;
import ingot.runtime.kernel.Levels;
import ingot.runtime.kernel.Scratch;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Lanes are scales: no sum crosses lanes, so every width has the same results. */
final class FeedbackKernel implements Feedback {
    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());

    private final Scratch columns = new Scratch();

    @Override
    public void errors(Levels levels, Run run, Trials trials, float[] errors) {
        float[] inverse = new float[SCALES];
        for (int s = 0; s < SCALES; s++) {
            inverse[s] = Feedback.inverse(trials.scales()[s]);
        }
        float[] t = columns.floats(run.n() * F.length());
        for (int s = 0; s < SCALES; s += F.length()) {
            FloatVector scale = FloatVector.fromArray(F, trials.scales(), s);
            FloatVector by = FloatVector.fromArray(F, inverse, s);
            FloatVector offset = FloatVector.fromArray(F, trials.offsets(), s);
            switch (levels) {
                case Levels.Whole whole ->
                    whole(whole, run, scale, by, offset, t).intoArray(errors, s);
                case Levels.Table table ->
                    table(table, run, scale, by, offset, t).intoArray(errors, s);
            }
        }
    }

    private static FloatVector whole(
            Levels.Whole levels, Run run, FloatVector scale, FloatVector inverse, FloatVector offset, float[] t) {
        fill(run, t);
        FloatVector low = FloatVector.broadcast(F, levels.least());
        FloatVector high = FloatVector.broadcast(F, levels.greatest());
        FloatVector error = FloatVector.zero(F);
        for (int k = run.n() - 1; k >= 0; k--) {
            FloatVector x = FloatVector.fromArray(F, t, k * F.length());
            FloatVector level = x.sub(offset)
                    .mul(inverse)
                    .min(high)
                    .max(low)
                    .add(Levels.ROUND)
                    .sub(Levels.ROUND);
            FloatVector value = level.mul(scale).add(offset);
            FloatVector r = x.sub(value);
            error = error.add(r.mul(run.d().get(k)).mul(r));
            feed(run, k, value, t);
        }
        return error;
    }

    private static FloatVector table(
            Levels.Table levels, Run run, FloatVector scale, FloatVector inverse, FloatVector offset, float[] t) {
        fill(run, t);
        float[] values = levels.values();
        float[] middles = levels.middles();
        FloatVector error = FloatVector.zero(F);
        for (int k = run.n() - 1; k >= 0; k--) {
            FloatVector x = FloatVector.fromArray(F, t, k * F.length());
            FloatVector scaled = x.sub(offset).mul(inverse);
            FloatVector level = FloatVector.broadcast(F, values[0]);
            for (int i = 0; i < middles.length; i++) {
                level = level.blend(values[i + 1], scaled.compare(VectorOperators.GT, middles[i]));
            }
            FloatVector value = level.mul(scale).add(offset);
            FloatVector r = x.sub(value);
            error = error.add(r.mul(run.d().get(k)).mul(r));
            feed(run, k, value, t);
        }
        return error;
    }

    private static void fill(Run run, float[] t) {
        for (int k = 0; k < run.n(); k++) {
            FloatVector.broadcast(F, run.target().get(k)).intoArray(t, k * F.length());
        }
    }

    /** The error of column k, to the columns before it. */
    private static void feed(Run run, int k, FloatVector value, float[] t) {
        FloatVector e = FloatVector.broadcast(F, run.weights().get(k)).sub(value);
        float[] m = run.m().data();
        int from = run.m().at() + k * run.m().stride();
        for (int i = 0; i < k; i++) {
            FloatVector before = FloatVector.fromArray(F, t, i * F.length());
            e.fma(FloatVector.broadcast(F, m[from + i]), before).intoArray(t, i * F.length());
        }
    }
}
