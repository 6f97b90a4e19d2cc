package ingot.formats.hf;

/** How config.json of a family maps to the neutral record. */
sealed interface ConfigFamily permits DenseFamily, Qwen1Family {
    /** {@code model_type} of config.json. */
    String modelType();

    /** The one architecture supported. */
    String architecture();

    ModelConfig read(ConfigFields fields);
}
