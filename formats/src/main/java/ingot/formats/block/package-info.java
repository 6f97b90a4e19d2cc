/**
 * How the bytes of a weight matrix mean numbers: dense rows, or blocks of 16 rows with integer codes and scales. Encoding
 * and decoding here are written to be read; they are what every kernel is tested against.
 */
@NullMarked
package ingot.formats.block;

import org.jspecify.annotations.NullMarked;
