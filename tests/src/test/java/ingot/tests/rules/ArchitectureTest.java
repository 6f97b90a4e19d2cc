package ingot.tests.rules;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.lang.ArchRule;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The lines the design draws: dependencies run one way, and only the command line prints or exits. */
final class ArchitectureTest {
    private static final JavaClasses PRODUCT =
            new ClassFileImporter().withImportOption(new NotTests()).importPackages("ingot");

    /** Leaves out this module's own classes. */
    private static final class NotTests implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("/test-classes/");
        }
    }

    @Test
    void dependenciesRunOneWay() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("formats")
                .definedBy("ingot.formats..")
                .layer("runtime")
                .definedBy("ingot.runtime..")
                .layer("quant")
                .definedBy("ingot.quant..")
                .layer("cli")
                .definedBy("ingot.cli..")
                .whereLayer("cli")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("quant")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("runtime")
                .mayOnlyBeAccessedByLayers("quant", "cli")
                .check(PRODUCT);
    }

    @Test
    void packagesOfAModuleFormNoCycles() {
        for (String module : List.of("formats", "runtime", "quant")) {
            slices().matching("ingot." + module + ".(*)..")
                    .should()
                    .beFreeOfCycles()
                    .check(PRODUCT);
        }
    }

    @Test
    void formatsKnowsNothingButJsonZipAndTheJdk() {
        classes()
                .that()
                .resideInAPackage("ingot.formats..")
                .should()
                .onlyDependOnClassesThat(resideInAPackage("ingot.formats..")
                        .or(resideInAPackage("java.."))
                        .or(resideInAPackage("javax.security.auth.x500")) // whom a certificate names; of java.base
                        .or(resideInAPackage("tools.jackson.."))
                        .or(resideInAPackage(
                                "org.apache.commons.compress.archivers.zip")) // the directory of .bin files
                        .or(resideInAPackage("org.jspecify..")))
                .check(PRODUCT);
    }

    @Test
    void runtimeNeedsFormatsAndTheJdkAlone() {
        classes()
                .that()
                .resideInAPackage("ingot.runtime..")
                .should()
                .onlyDependOnClassesThat(resideInAPackage("ingot.runtime..")
                        .or(resideInAPackage("ingot.formats.."))
                        .or(resideInAPackage("java.."))
                        .or(resideInAPackage("jdk.incubator.vector.."))
                        .or(resideInAPackage("tools.jackson.databind..")) // JSON trees handed over by formats
                        .or(resideInAPackage("org.jspecify..")))
                .check(PRODUCT);
    }

    @Test
    void onlyKernelsTouchVectors() {
        noClasses()
                .that()
                .resideOutsideOfPackage("ingot.runtime.kernel..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.incubator.vector..")
                .check(PRODUCT);
    }

    private static final ArchRule NOBODY_EXITS = noClasses()
            .that()
            .doNotHaveFullyQualifiedName("ingot.cli.Main")
            .should()
            .callMethod(System.class, "exit", int.class)
            .orShould()
            .callMethod(Runtime.class, "halt", int.class);

    @Test
    void onlyTheEntryPointExits() {
        NOBODY_EXITS.check(PRODUCT);
    }

    @Test
    void onlyTheCommandLinePrints() {
        noClasses()
                .that()
                .resideOutsideOfPackage("ingot.cli..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(PRODUCT);
    }

    @Test
    void nothingStaticIsMutable() {
        fields().that().areStatic().should().beFinal().check(PRODUCT);
    }

    @Test
    void nothingUsesUnsafeOrReflectionOnMembers() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("sun.misc..", "jdk.internal..")
                .check(PRODUCT);
    }

    @Test
    void theRulesCanFail() {
        JavaClasses own = new ClassFileImporter().importClasses(Exits.class);
        assertThrows(AssertionError.class, () -> NOBODY_EXITS.check(own));
    }

    private static final class Exits {
        static void leave(Path ignored) {
            System.exit(JavaModifier.values().length);
        }
    }
}
