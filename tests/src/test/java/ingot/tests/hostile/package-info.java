/**
 * Hostile, damaged and merely odd inputs: a corpus in which every case says what must happen to it, and faults provoked
 * while a conversion runs.
 */
@NullMarked
package ingot.tests.hostile;

import org.jspecify.annotations.NullMarked;
