/** Files that change under a running model, results that must not depend on how it is run, many sessions at once. */
@NullMarked
package ingot.tests.integrity;

import org.jspecify.annotations.NullMarked;
