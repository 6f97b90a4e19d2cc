/** Chat templates against Python's jinja2 and the published conversations. */
@NullMarked
package ingot.tests.template;

import org.jspecify.annotations.NullMarked;
