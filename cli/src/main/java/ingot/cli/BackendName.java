package ingot.cli;

import ingot.runtime.kernel.Backend;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The backends as typed: their names in lower case ({@code native} cannot name an enum constant). */
final class BackendName implements ITypeConverter<Backend>, Iterable<String> {
    private static final List<Backend> CHOICES =
            List.of(Backend.AUTO, Backend.SCALAR, Backend.VECTOR, Backend.NATIVE, Backend.NATIVE_INT8);

    // Plain loops: the JVM's cache has no classes with a superclass of picocli's, so lambdas here would be linked at
    // every start.
    @Override
    public Backend convert(String value) {
        for (Backend choice : CHOICES) {
            if (name(choice).equals(value)) {
                return choice;
            }
        }
        throw new TypeConversionException(
                "expected one of [" + String.join(", ", names()) + "] but was '" + value + "'");
    }

    @Override
    public Iterator<String> iterator() {
        return names().iterator();
    }

    private static List<String> names() {
        List<String> names = new ArrayList<>();
        for (Backend choice : CHOICES) {
            names.add(name(choice));
        }
        return names;
    }

    private static String name(Backend choice) {
        return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
