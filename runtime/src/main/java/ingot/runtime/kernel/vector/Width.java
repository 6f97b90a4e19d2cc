package ingot.runtime.kernel.vector;

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
 * other one. A class for several types of weights is loaded as a hidden class for each, with what tells them apart.
 */
final class Width {
    private static final VectorSpecies<Float> PREFERRED = FloatVector.SPECIES_PREFERRED;

    private final VectorSpecies<Float> species;

    private Width(VectorSpecies<Float> species) {
        this.species = species;
    }

    /** A width in bits, 128, 256, 512 or 0 for the preferred one. */
    static Width of(int bits) {
        return new Width(
                switch (bits) {
                    case 0 -> PREFERRED.vectorBitSize() <= 512 ? PREFERRED : FloatVector.SPECIES_512;
                    case 128 -> FloatVector.SPECIES_128;
                    case 256 -> FloatVector.SPECIES_256;
                    case 512 -> FloatVector.SPECIES_512;
                    default -> throw new IllegalArgumentException(bits + " bits");
                });
    }

    int bits() {
        return species.vectorBitSize();
    }

    /**
     * What a hidden class is specialized for.
     *
     * @param constant of the type of weights, where one class serves several
     */
    private record Data(
            VectorSpecies<Float> species, @Nullable Object constant) {}

    /** The species that a kernel class is to use; called once, in its static initializer, with its own look-up. */
    static VectorSpecies<Float> species(MethodHandles.Lookup kernel) {
        Data data = classData(kernel);
        return data == null ? PREFERRED : data.species();
    }

    /** What {@link #instance(Class, Class, Object)} was given; called as {@link #species}. */
    static <T> T constant(MethodHandles.Lookup kernel, Class<T> type) {
        Data data = classData(kernel);
        if (data == null || data.constant() == null) {
            throw new IllegalStateException(kernel.lookupClass() + " was loaded without its constant");
        }
        return type.cast(data.constant());
    }

    private static @Nullable Data classData(MethodHandles.Lookup kernel) {
        try {
            return MethodHandles.classData(kernel, ConstantDescs.DEFAULT_NAME, Data.class);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /** An instance of this width of a kernel class of this package, made by its constructor without parameters. */
    <T> T instance(Class<T> contract, Class<? extends T> kernel) {
        return load(contract, kernel, species == PREFERRED ? null : new Data(species, null));
    }

    /** The same of a class that has a constant besides; every constant gives a class of its own. */
    <T> T instance(Class<T> contract, Class<? extends T> kernel, Object constant) {
        return load(contract, kernel, new Data(species, constant));
    }

    private <T> T load(Class<T> contract, Class<? extends T> kernel, @Nullable Data data) {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            Class<?> loaded = kernel;
            if (data != null) {
                lookup = lookup.defineHiddenClassWithClassData(bytes(kernel), data, true);
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
