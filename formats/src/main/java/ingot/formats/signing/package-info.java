/**
 * Signatures of models in the OpenSSF Model Signing format, version 1.0 (github.com/ossf/model-signing-spec): a Sigstore
 * bundle around a DSSE envelope around an in-toto statement that lists every file with its SHA-256. Methods "key" and
 * "certificate"; all cryptography is the JDK's.
 */
@NullMarked
package ingot.formats.signing;

import org.jspecify.annotations.NullMarked;
