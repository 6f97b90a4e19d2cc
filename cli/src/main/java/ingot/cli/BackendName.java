package ingot.cli;

import ingot.runtime.kernel.Backend;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The backends as typed: their names in lower case ({@code native} cannot name an enum constant). */
final class BackendName implements ITypeConverter<Backend>, Iterable<String> {
    private static final List<Backend> CHOICES =
            List.of(Backend.AUTO, Backend.SCALAR, Backend.VECTOR, Backend.NATIVE, Backend.NATIVE_INT8);

    @Override
    public Backend convert(String value) {
        return CHOICES.stream()
                .filter(choice -> name(choice).equals(value))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException(
                        "expected one of [" + String.join(", ", this) + "] but was '" + value + "'"));
    }

    @Override
    public Iterator<String> iterator() {
        return names().iterator();
    }

    private static Stream<String> names() {
        return CHOICES.stream().map(BackendName::name);
    }

    private static String name(Backend choice) {
        return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
