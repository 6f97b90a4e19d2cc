package ingot.runtime.kernel;

/** The numbers a weight may be rounded to, before its scale. */
public sealed interface Levels {
    /**
     * Whole numbers.
     *
     * @param least of them
     * @param greatest of them; fewer than 2²² numbers
     */
    record Whole(int least, int greatest) implements Levels {}

    /**
     * A table.
     *
     * @param values ascending, at most 256; kept
     * @param middles between each two neighbours, the least number that still goes to the lower one; kept
     */
    @SuppressWarnings("ArrayRecordComponent") // constant tables, never compared
    record Table(float[] values, float[] middles) implements Levels {
        /** With thresholds half-way. */
        public static Table of(float[] values) {
            float[] middles = new float[values.length - 1];
            for (int i = 0; i < middles.length; i++) {
                middles[i] = (values[i] + values[i + 1]) / 2;
            }
            return new Table(values, middles);
        }

        /** Index of the value nearest to {@code x}; the lower one where two are equally near. */
        public int index(float x) {
            int from = 0;
            int to = middles.length;
            while (from < to) {
                int middle = (from + to) >>> 1;
                if (x > middles[middle]) {
                    from = middle + 1;
                } else {
                    to = middle;
                }
            }
            return from;
        }
    }

    /** Adding and taking away 1.5·2²³ rounds |x| &lt; 2²² to the nearest whole number, ties to even. */
    float ROUND = 0x1.8p23f;

    /** The level nearest to {@code x}. */
    default float nearest(float x) {
        return switch (this) {
            case Whole(int least, int greatest) -> Math.max(least, Math.min(greatest, x)) + ROUND - ROUND;
            case Table table -> table.values()[table.index(x)];
        };
    }

    /** Smallest level. */
    default float low() {
        return switch (this) {
            case Whole whole -> whole.least;
            case Table table -> table.values()[0];
        };
    }

    /** Largest level. */
    default float high() {
        return switch (this) {
            case Whole whole -> whole.greatest;
            case Table table -> table.values()[table.values().length - 1];
        };
    }

    /** How many there are. */
    default int count() {
        return switch (this) {
            case Whole(int least, int greatest) -> greatest - least + 1;
            case Table table -> table.values().length;
        };
    }
}
