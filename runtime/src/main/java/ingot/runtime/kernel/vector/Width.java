package ingot.runtime.kernel.vector;

import ingot.formats.IngotException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Makes kernels for one vector width. The compiler turns vector operations into instructions only where the species is a
 * constant, that is, a {@code static final} field. So that a process can hold several widths at full speed, a kernel class
 * is loaded as it is for the preferred width and once more as a hidden class, with the species as its class data, for every
 * other one.
 */
final class Width {
    private static final VectorSpecies<Float> PREFERRED = FloatVector.SPECIES_PREFERRED;

    private final VectorSpecies<Float> species;

    private Width(VectorSpecies<Float> species) {
        this.species = species;
    }

    /** A width in bits, 0 for the preferred one; {@link IngotException.Usage} for one that is not supported. */
    static Width of(int bits) {
        return new Width(
                switch (bits) {
                    case 0 -> PREFERRED.vectorBitSize() <= 512 ? PREFERRED : FloatVector.SPECIES_512;
                    case 128 -> FloatVector.SPECIES_128;
                    case 256 -> FloatVector.SPECIES_256;
                    case 512 -> FloatVector.SPECIES_512;
                    default ->
                        throw new IngotException.Usage(
                                "vectors of " + bits + " bits; expected 128, 256 or 512, or 0 for the preferred width");
                });
    }

    int bits() {
        return species.vectorBitSize();
    }

    /** The species that a kernel class is to use; called once, in its static initializer, with its own look-up. */
    static VectorSpecies<Float> species(MethodHandles.Lookup kernel) {
        try {
            @Nullable VectorSpecies<Float> data = classData(kernel);
            return data == null ? PREFERRED : data;
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static @Nullable VectorSpecies<Float> classData(MethodHandles.Lookup kernel) throws IllegalAccessException {
        return (VectorSpecies<Float>) MethodHandles.classData(kernel, ConstantDescs.DEFAULT_NAME, VectorSpecies.class);
    }

    /** An instance of this width of a kernel class of this package, made by its constructor without parameters. */
    <T> T instance(Class<T> contract, Class<? extends T> kernel) {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            Class<?> loaded = kernel;
            if (species != PREFERRED) {
                lookup = lookup.defineHiddenClassWithClassData(bytes(kernel), species, true);
                loaded = lookup.lookupClass();
            }
            Object made = lookup.findConstructor(loaded, MethodType.methodType(void.class))
                    .invoke();
            return contract.cast(made);
        } catch (Throwable e) {
            throw new IllegalStateException("cannot load " + kernel.getName() + " for " + bits() + " bits", e);
        }
    }

    private static byte[] bytes(Class<?> type) throws IOException {
        try (InputStream in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
            if (in == null) {
                throw new IOException("no class file");
            }
            return in.readAllBytes();
        }
    }
}
