package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.block.Dense;
import ingot.formats.block.Layout;
import ingot.quant.allocation.Budget;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.Rounding;
import ingot.quant.transform.Equivalence;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

/**
 * What a conversion is asked for.
 *
 * @param types what each tensor is stored as
 * @param method how the numbers are chosen
 * @param transforms what is done to the weights before
 * @param extras files that go into the output besides the source
 * @param allowNonFinite keep NaN and infinities instead of refusing them
 * @param overwrite replace an existing output
 * @param threads workers; changes the time, never the bytes
 */
public record ConvertOptions(
        Types types,
        Method method,
        Transforms transforms,
        Extras extras,
        boolean allowNonFinite,
        boolean overwrite,
        int threads) {
    public ConvertOptions {
        if (threads < 1) {
            throw new IngotException.Usage(threads + " threads; expected at least 1");
        }
        if (method instanceof Method.Imatrix imatrix) {
            throw imatrix.notForConversions();
        }
    }

    /** Refuses to calibrate, which takes long, what has nothing to be calibrated. */
    void requireScales() {
        boolean dense = types.layout() instanceof Dense
                && types.auto().isEmpty()
                && types.keep().stream().allMatch(k -> k.layout() instanceof Dense);
        if (dense && method instanceof Method.Gptq) {
            throw new IngotException.Usage("--method gptq is for types with scales; "
                    + types.layout().label() + " has none: leave --method and --calibration out");
        }
    }

    /**
     * Types of the tensors.
     *
     * @param layout of the linear layers' matrices
     * @param same store a matrix that comes quantized in the layout that holds it as it is, where there is one
     * @param keep exceptions by name, first match wins
     * @param auto how to choose types instead
     */
    public record Types(Layout layout, boolean same, List<Keep> keep, Optional<Auto> auto) {
        public Types {
            keep = List.copyOf(keep);
        }
    }

    /**
     * Types that are chosen by what they cost on a calibration set.
     *
     * @param budget the size of all weights
     */
    public record Auto(Budget budget, CalibrationOptions calibration) {}

    /** How numbers are chosen. */
    public sealed interface Method {
        /** Each by itself: round to nearest. */
        record Rtn() implements Method {}

        /**
         * With error feedback on the activations of a calibration set (GPTQ).
         *
         * @param resume go on where a conversion that was interrupted stopped
         */
        record Gptq(CalibrationOptions calibration, Rounding.Feedback feedback, boolean resume) implements Method {}

        /**
         * Each by itself, an error counting by the mean square of its column's inputs on a calibration set.
         *
         * @param resume as in {@link Gptq}
         */
        record Imatrix(CalibrationOptions calibration, boolean resume) implements Method {
            IngotException notForConversions() {
                return new IngotException.Usage("method imatrix is for exports to GGUF; conversions have rtn and gptq");
            }
        }

        /** The method as that of single matrices. */
        default Rounding rounding() {
            return switch (this) {
                case Rtn rtn -> new Rounding.Plain();
                case Imatrix imatrix -> new Rounding.Importance();
                case Gptq gptq -> gptq.feedback();
            };
        }

        /** What the layers are calibrated on, if they are. */
        default Optional<CalibrationOptions> calibratedOn() {
            return switch (this) {
                case Gptq gptq -> Optional.of(gptq.calibration());
                case Imatrix imatrix -> Optional.of(imatrix.calibration());
                case Rtn rtn -> Optional.empty();
            };
        }

        /** Whether to go on where a job that was interrupted stopped. */
        default boolean resumes() {
            return switch (this) {
                case Gptq gptq -> gptq.resume();
                case Imatrix imatrix -> imatrix.resume();
                case Rtn rtn -> false;
            };
        }

        /** The name in options and reports. */
        default String label() {
            return switch (this) {
                case Rtn rtn -> "rtn";
                case Imatrix imatrix -> "imatrix";
                case Gptq gptq -> "gptq";
            };
        }
    }

    /**
     * Ways to another model with the same outputs, whose weights are then rounded.
     *
     * @param calibration decides those that depend on activations, where the method looks at none itself
     */
    public record Transforms(Set<Equivalence> wanted, CalibrationOptions calibration) {
        /** The weights as they are. */
        public static final Transforms NONE = new Transforms(Set.of(), CalibrationOptions.defaults());

        public Transforms {
            wanted = wanted.isEmpty() ? Set.of() : Collections.unmodifiableSet(EnumSet.copyOf(wanted));
        }

        /** Those that depend on activations. */
        Set<Equivalence> measured() {
            return wanted.stream().filter(Equivalence::measured).collect(Collectors.toSet());
        }
    }

    /**
     * Files that go into the output besides the source.
     *
     * @param golden golden file to embed
     * @param adapter folder of a LoRA adapter to merge
     */
    public record Extras(Optional<Path> golden, Optional<Path> adapter) {
        /** Nothing besides the source. */
        public static final Extras NONE = new Extras(Optional.empty(), Optional.empty());
    }

    /** What the layers are calibrated on, if they are. */
    public Optional<CalibrationOptions> calibration() {
        return method.calibratedOn()
                .or(() -> types.auto().map(Auto::calibration))
                .or(() -> transforms.measured().isEmpty() ? Optional.empty() : Optional.of(transforms.calibration()));
    }

    /** Whether to go on where a conversion that was interrupted stopped. */
    boolean resume() {
        return method.resumes();
    }

    /** Layout of the linear layers' matrices. */
    public Layout layout() {
        return types.layout();
    }

    /** Whether matrices that come quantized keep their type. */
    public boolean same() {
        return types.same();
    }

    /** Exceptions by name. */
    public List<Keep> keep() {
        return types.keep();
    }

    /** Golden file to embed. */
    public Optional<Path> golden() {
        return extras.golden();
    }

    /** Folder of a LoRA adapter to merge. */
    public Optional<Path> adapter() {
        return extras.adapter();
    }

    /** The defaults: round to nearest, refuse what is doubtful, use every processor. */
    public static ConvertOptions of(Layout layout) {
        int threads = Runtime.getRuntime().availableProcessors();
        return new ConvertOptions(
                new Types(layout, false, List.of(), Optional.empty()),
                new Method.Rtn(),
                Transforms.NONE,
                Extras.NONE,
                false,
                false,
                threads);
    }

    private ConvertOptions withTypes(Types newTypes) {
        return new ConvertOptions(newTypes, method, transforms, extras, allowNonFinite, overwrite, threads);
    }

    public ConvertOptions withKeep(List<Keep> rules) {
        return withTypes(new Types(layout(), same(), rules, types.auto()));
    }

    /** Keeps the type of matrices that come quantized, where a layout here holds them as they are. */
    public ConvertOptions withSame(boolean keepType) {
        return withTypes(new Types(layout(), keepType, keep(), types.auto()));
    }

    /** Chooses the types for a budget; only {@link #keep} rules are above that. */
    public ConvertOptions withAuto(Auto auto) {
        return withTypes(new Types(layout(), false, keep(), Optional.of(auto)));
    }

    public ConvertOptions withMethod(Method newMethod) {
        return new ConvertOptions(types, newMethod, transforms, extras, allowNonFinite, overwrite, threads);
    }

    public ConvertOptions withTransforms(Transforms ways) {
        return new ConvertOptions(types, method, ways, extras, allowNonFinite, overwrite, threads);
    }

    public ConvertOptions withGolden(Path file) {
        return withExtras(new Extras(Optional.of(file), extras.adapter()));
    }

    public ConvertOptions withAdapter(Path folder) {
        return withExtras(new Extras(extras.golden(), Optional.of(folder)));
    }

    private ConvertOptions withExtras(Extras files) {
        return new ConvertOptions(types, method, transforms, files, allowNonFinite, overwrite, threads);
    }

    public ConvertOptions withAllowNonFinite(boolean allow) {
        return new ConvertOptions(types, method, transforms, extras, allow, overwrite, threads);
    }

    public ConvertOptions withOverwrite(boolean force) {
        return new ConvertOptions(types, method, transforms, extras, allowNonFinite, force, threads);
    }

    public ConvertOptions withThreads(int n) {
        return new ConvertOptions(types, method, transforms, extras, allowNonFinite, overwrite, n);
    }

    /**
     * A tensor exempt from the general type: {@code REGEX=TYPE}.
     *
     * @param pattern found anywhere in the tensor's name
     */
    public record Keep(Pattern pattern, Layout layout) {
        /** Parses {@code lm_head=f16} or {@code down_proj=int4:128}. */
        public static Keep parse(String rule) {
            int split = rule.lastIndexOf('=');
            if (split <= 0) {
                throw new IngotException.Usage("--keep " + Text.quote(rule) + ": expected REGEX=TYPE");
            }
            try {
                return new Keep(
                        Pattern.compile(rule.substring(0, split)), ConvertOptions.layout(rule.substring(split + 1)));
            } catch (PatternSyntaxException e) {
                throw new IngotException.Usage(
                        "--keep " + Text.quote(rule) + ": not a regular expression: " + e.getDescription());
            } catch (IngotException.Usage e) {
                throw new IngotException.Usage("--keep " + Text.quote(rule) + ": " + e.getMessage());
            }
        }
    }

    /** Parses {@code TYPE} or {@code TYPE:GROUP}, for example {@code int4:64}, {@code int8:channel}, {@code nf4-dq}. */
    public static Layout layout(String text) {
        int colon = text.indexOf(':');
        return colon < 0
                ? layout(text, Optional.empty())
                : layout(text.substring(0, colon), Optional.of(text.substring(colon + 1)));
    }

    /** As {@link TypeNames#layout}. */
    public static Layout layout(String type, Optional<String> group) {
        return TypeNames.layout(type, group);
    }
}
