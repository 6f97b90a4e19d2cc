package ingot.formats.hf;

import ingot.formats.json.ObjectFields;

/** A {@code model_type}: how its config.json maps to the neutral record. */
sealed interface ConfigFamily permits Qwen1Family, DenseFamily, HybridFamily {
    /** {@code model_type} of config.json. */
    String modelType();

    /** What {@code architectures} names, where it is given. */
    String architecture();

    /**
     * Reads the whole file.
     *
     * @param fields the root of config.json
     */
    ModelConfig read(ObjectFields fields);
}
