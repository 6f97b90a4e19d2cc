package ingot.runtime.kernel;

import java.lang.reflect.InvocationTargetException;

/**
 * Makes the Vector API available when something computes, not before. Where the module is part of the boot layer there is
 * nothing to do. The {@code ingot} command starts without it (other commands start faster, and the JVM prints no notice
 * about incubator modules on standard error) but grants access to the JDK's own module loader, which adds it now.
 * docs/decisions/0003-vector-module.md
 */
final class VectorModule {
    private static final String NAME = "jdk.incubator.vector";

    private VectorModule() {}

    /** Whether vectors can be used from now on. */
    static boolean available() {
        return ModuleLayer.boot().findModule(NAME).isPresent() || load();
    }

    private static boolean load() {
        Module self = VectorModule.class.getModule();
        Module base = Object.class.getModule();
        if (!base.isExported("jdk.internal.module", self)) {
            return false;
        }
        try {
            Object loaded = Class.forName("jdk.internal.module.Modules")
                    .getMethod("loadModule", String.class)
                    .invoke(null, NAME);
            self.addReads((Module) loaded);
            return true;
        } catch (ClassNotFoundException
                | NoSuchMethodException
                | IllegalAccessException
                | InvocationTargetException e) {
            return false; // Another JDK than the one this was written for: the scalar backend still works.
        }
    }
}
