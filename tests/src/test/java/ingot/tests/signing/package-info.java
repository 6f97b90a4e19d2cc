@NullMarked
package ingot.tests.signing;

import org.jspecify.annotations.NullMarked;
