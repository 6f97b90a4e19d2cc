/** What a machine does to a conversion: kills, full disks, limits, changing inputs. */
@NullMarked
package ingot.tests.faults;

import org.jspecify.annotations.NullMarked;
