/** Error feedback, calibration and calibrated conversion against textbooks, kills and bad inputs. */
@org.jspecify.annotations.NullMarked
package ingot.tests.gptq;
