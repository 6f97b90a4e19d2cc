/** What a session remembers between tokens. */
@NullMarked
package ingot.runtime.kv;

import org.jspecify.annotations.NullMarked;
