/** Chat templates: a bounded, sandboxed Jinja subset that renders what Python's jinja2 renders, and Qwen v1 ChatML. */
@NullMarked
package ingot.runtime.template;

import org.jspecify.annotations.NullMarked;
