package ingot.quant.calibration;

import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.quant.ConvertOptions;
import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.RoundingError;
import ingot.quant.gptq.Target;
import ingot.runtime.model.WeightSpec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/** Shapes of a dense model, and random weights for them, rounded to hundredths. */
final class ToyModel {
    private ToyModel() {}

    static ModelConfig config(String members) {
        String json = "{\"model_type\": \"qwen2\", \"tie_word_embeddings\": false, " + members + "}";
        Path origin = Path.of("config.json");
        return ModelConfigs.read(
                Json.parseObject(json.getBytes(StandardCharsets.UTF_8), origin, JsonBound.INPUT), origin);
    }

    /** Weights by name, alike every time they are read. */
    record Weights(String type) implements LayerWeights {
        @Override
        public float[] read(WeightSpec spec) {
            return read(spec, 0, Math.toIntExact(spec.shape().rows()));
        }

        @Override
        public float[] read(WeightSpec spec, int firstRow, int rows) {
            SplittableRandom random = new SplittableRandom(spec.name().hashCode() + firstRow);
            float[] values = new float[Math.toIntExact(rows * spec.shape().cols())];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (0.05 * random.nextGaussian());
            }
            return values;
        }

        @Override
        public float[] gather(WeightSpec spec, int[] rows) {
            return read(spec, 0, rows.length);
        }

        @Override
        public Target target(WeightSpec spec) {
            return new Target.Stored(ConvertOptions.layout(type));
        }

        @Override
        public boolean calibrated(WeightSpec spec) {
            return spec.role().matrix();
        }

        @Override
        public Rounded plain(WeightSpec spec, float[] rows) {
            float[] stored = new float[rows.length];
            for (int i = 0; i < rows.length; i++) {
                stored[i] = (float) (Math.rint(rows[i] * 100) / 100);
            }
            return new Rounded(List.of(), stored, RoundingError.of(rows, stored));
        }

        @Override
        public Rounded plain(WeightSpec spec, Target target, float[] rows) {
            return plain(spec, rows);
        }

        @Override
        public Rounded weighted(WeightSpec spec, float[] rows, float[] importance) {
            return plain(spec, rows);
        }
    }
}
