package ingot.quant.grid;

import ingot.formats.gguf.PackedBlock;

/** The values that a code can stand for before it is multiplied, ascending with the code. */
sealed interface BlockLevels {
    /** The code whose value is nearest to {@code x}; of two equally near, the higher one. NaN gives some code. */
    int nearest(float x);

    float value(int code);

    /** Smallest and largest value: the ends that the weight of largest magnitude may be put to. */
    float low();

    float high();

    static BlockLevels of(PackedBlock block) {
        return block.value(block.lowest()) == block.lowest()
                ? new Linear(block.lowest(), block.highest())
                : Table.of(block);
    }

    /** Integers. */
    record Linear(int lowest, int highest) implements BlockLevels {
        @Override
        public int nearest(float x) {
            return Math.clamp((int) Math.floor(x + 0.5f), lowest, highest);
        }

        @Override
        public float value(int code) {
            return code;
        }

        @Override
        public float low() {
            return lowest;
        }

        @Override
        public float high() {
            return highest;
        }
    }

    /** Entries of a table of 16. */
    final class Table implements BlockLevels {
        private final float[] values;
        private final float[] middles;

        private Table(float[] values, float[] middles) {
            this.values = values;
            this.middles = middles;
        }

        static Table of(PackedBlock block) {
            float[] values = new float[block.highest() + 1];
            float[] middles = new float[values.length - 1];
            for (int code = 0; code < values.length; code++) {
                values[code] = block.value(code);
            }
            for (int i = 0; i < middles.length; i++) {
                middles[i] = (values[i] + values[i + 1]) / 2;
            }
            return new Table(values, middles);
        }

        @Override
        public int nearest(float x) {
            int code = 0;
            for (int step = values.length / 2; step > 0; step /= 2) {
                if (x >= middles[code + step - 1]) {
                    code += step;
                }
            }
            return code;
        }

        @Override
        public float value(int code) {
            return values[code];
        }

        @Override
        public float low() {
            return values[0];
        }

        @Override
        public float high() {
            return values[values.length - 1];
        }
    }
}
