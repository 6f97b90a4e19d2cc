/** The library people embed: open a model, keep a session, generate. */
@NullMarked
package ingot.runtime;

import org.jspecify.annotations.NullMarked;
