package ingot.formats.ingot;

import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.Text;
import ingot.formats.block.Part;
import java.nio.file.Path;
import java.util.List;

/** What an .ingot file must keep to beyond what safetensors and the manifest's own form ask for. */
final class FormatRules {
    private FormatRules() {}

    /** The file was not written by a newer major version. */
    static void requireVersion(Path path, String version) {
        int dot = version.indexOf('.');
        String major = dot < 0 ? version : version.substring(0, dot);
        if (!major.matches("[0-9]{1,6}") || Integer.parseInt(major) < 1) {
            throw IngotException.BadData.in(path, "ingot.version " + Text.quote(version) + " is not a version");
        }
        if (Integer.parseInt(major) > IngotFormat.MAJOR) {
            throw IngotException.BadData.in(
                    path,
                    "written in format " + Text.quote(version) + "; this Ingot reads up to " + IngotFormat.VERSION
                            + ": use a newer Ingot");
        }
    }

    /** The parts exist with the types and shapes the layout wants. */
    static void requireParts(IngotFile file, StoredTensor t) {
        List<Part> parts;
        try {
            parts = t.layout().parts(t.shape().rows(), t.shape().cols());
        } catch (ArithmeticException e) {
            throw IngotException.BadData.tensor(file.path(), t.name(), "shape " + t.shape() + " is too large");
        } catch (IngotException.BadData e) {
            throw new IngotException.BadData(
                    Text.path(file.path()) + ": tensor " + Text.quote(t.name()) + ": " + e.getMessage(), e);
        }
        if (parts.size() != t.parts().size()) {
            throw IngotException.BadData.tensor(
                    file.path(), t.name(), t.parts().size() + " parts; its layout has " + parts.size());
        }
        for (int i = 0; i < parts.size(); i++) {
            TensorInfo info = file.physicalTensor(t.parts().get(i));
            Part part = parts.get(i);
            Shape shape = part.suffix().isEmpty() ? t.shape() : part.shape();
            if (info.dtype() != part.type() || !info.shape().equals(shape)) {
                throw IngotException.BadData.tensor(
                        file.path(),
                        info.name(),
                        info.offset(),
                        info.dtype().label() + " " + info.shape() + "; its layout wants "
                                + part.type().label() + " " + shape);
            }
            if (info.offset() % IngotFormat.ALIGNMENT != 0) {
                throw IngotException.BadData.tensor(
                        file.path(), info.name(), info.offset(), "not aligned to " + IngotFormat.ALIGNMENT + " bytes");
            }
        }
    }
}
