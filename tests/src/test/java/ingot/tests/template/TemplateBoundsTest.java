package ingot.tests.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.runtime.template.ChatRequest;
import ingot.runtime.template.ChatTemplate;
import ingot.runtime.template.TemplateLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Templates that want too much, that are cut short, or that fail: always BadData in one line, never anything else. */
final class TemplateBoundsTest {
    private static final Path ORIGIN = Path.of("dir/chat_template.jinja");

    private static String render(String template) {
        return ChatTemplate.compile(template, ORIGIN).render(Json.object(), TemplateData.CLOCK);
    }

    private static String fault(String template) {
        String message = String.valueOf(assertThrows(IngotException.BadData.class, () -> render(template))
                .getMessage());
        assertTrue(message.startsWith("dir/chat_template.jinja: chat template"), message);
        assertFalse(message.contains("\n"), message);
        return message;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for i in range(10**9) %}{% endfor %}",
                "{% for i in range(99999) %}{% for j in range(99999) %}{% for k in range(99999) %}{% endfor %}{%"
                        + " endfor %}{% endfor %}",
                "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
                "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
                "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
                "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x | replace('a', ns.x) %}{%"
                        + " endfor %}",
                "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x.join([ns.x, ns.x]) %}{%"
                        + " endfor %}",
                "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = '%s%s' % (ns.x, ns.x) %}{%"
                        + " endfor %}",
                "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = '{0}{0}'.format(ns.x) %}{%"
                        + " endfor %}",
                "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset"
                        + " %}{% endfor %}",
                "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
                "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{"
                        + " ns.x }}",
                "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{"
                        + " ns.x | tojson }}",
                "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% set"
                        + " ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
                "{% set ns = namespace(x=(1,)) %}{% for i in range(99) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{"
                        + " {ns.x: 1} }}",
                "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x"
                        + " }}",
                "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x |"
                        + " tojson }}",
                "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x <"
                        + " ns.x + [] }}{{ ns.x == [ns.x] }}",
                "{% set ns = namespace(x=(1,)) %}{% for i in range(9999) %}{% set ns.x = (ns.x,) %}{% endfor %}{{"
                        + " {ns.x: 1} }}",
                "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = ns.x | map('default') %}{%"
                        + " endfor %}{{ ns.x | list }}",
                "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}",
                "{% set ns = namespace(x=2) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
                "{{ 'a' * 10**9 }}",
                "{{ ('a' * 2**20) * 2**20 }}",
                "{{ [1] * 10**9 }}",
                "{{ 'a' * 10**18 }}{{ '' * 10**40 }}",
                "{{ 2 ** (10 ** 9) }}",
                "{{ 10 ** (10 ** 10) }}",
                "{{ 'a'.center(10**9) }}",
                "{{ 'a'.ljust(10**9) }}",
                "{{ 'a'.zfill(10**9) }}",
                "{{ '%999999s%999999s' % ('a', 'b') * 999 }}",
                "{{ 'a' | indent(10**9) }}",
                "{{ [1] | tojson(indent=10**9) }}",
                "{{ [[[[1]]]] | tojson(indent=' ' * 2**24) }}",
                "{{ [1] | batch(10**9, 2) | list }}",
                "{{ ('a' * 2**20).replace('', 'b' * 2**10) }}",
                "{{ ('a,' * 2**20).split(',') | length }}{{ ('a,' * 2**23).split(',') | length }}",
                "{% set s = 'a' * 2**22 %}{% for i in range(99999) %}{{ s == s ~ '' }}{% endfor %}",
                "{% set s = 'a' * 2**22 %}{% for i in range(99999) %}{% if 'b' in s %}{% endif %}{% endfor %}",
                "{% set s = 'a' * 2**20 %}{% for i in range(99999) %}{% if s.isdigit() or s | length == 1 %}{% endif"
                        + " %}{% endfor %}",
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "{% macro a() %}{{ b() }}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{{ a() }}{% endmacro %}{{ a()"
                        + " }}",
                "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(30) }}",
                "{{ strftime_now('%c' * 2**22) }}",
                "{{ raise_exception('x' * 2**22) }}",
                "{{ range(-9223372036854775807, 9223372036854775807) }}",
                "{{ range(5, 2**70) }}",
                "{{ 'a'[::2**70] ~ range(9)[2**70:] | list }}{{ nope.x }}",
            })
    void bombsStopAtABound(String template) {
        fault(template);
    }

    @Test
    void deepSourcesStopAtTheNestingBound() {
        int n = 100_000;
        for (String[] pair : new String[][] {
            {"(", ")"},
            {"[", "]"},
            {"{1:", "}"},
            {"-", ""},
            {"not ", ""},
            {"a[", "]"},
            {"a(", ")"},
            {"1 if 1 else ", ""},
            {"1 ** -", ""},
            {"a|d(", ")"},
            {"a is eq ", ""},
            {"a is eq [", "]"},
            {"a.x(b=", ")"},
        }) {
            fault("{{ " + pair[0].repeat(n) + "1" + pair[1].repeat(n) + " }}");
        }
        for (String chain :
                new String[] {"+1", "-1", "*1", " and 1", " or 0", "|d", ".x", "[0]", "()", "**1", " is defined|d"}) {
            fault("{{ 1" + chain.repeat(n) + " }}");
        }
        fault("{% if 1 %}".repeat(n));
        fault("{% if 1 %}".repeat(n) + "{% endif %}".repeat(n));
        fault("{% for x in [1] %}".repeat(n) + "{% endfor %}".repeat(n));
        fault("{% set " + "(".repeat(n) + "a" + ")".repeat(n) + " = 1 %}");
        fault("{% for " + "(".repeat(n) + "a,".repeat(3) + " %}");
        fault("{% filter d" + "|d".repeat(n) + " %}{% endfilter %}");
        fault("{% macro m() %}".repeat(n));
    }

    @Test
    void longFlatSourcesRender() {
        assertEquals("1".repeat(10_000), render("{{ 1" + " ~ 1".repeat(9_999) + " }}"));
        assertEquals("x", render("{% if 0 %}a" + "{% elif 0 %}b".repeat(9_999) + "{% else %}x{% endif %}"));
        assertEquals("True", render("{{ 1" + " < 2 > 1".repeat(5_000) + " }}"));
        assertEquals("301", render("{{ 1" + " + 1".repeat(300) + " }}"));
    }

    @Test
    void sourcesBeyondTheSizeBoundAreRefused() {
        TemplateLimits small = new TemplateLimits(100, 50, 1000, 100, 1000);
        assertEquals("x", ChatTemplate.compile("x", ORIGIN, small).render(Json.object(), TemplateData.CLOCK));
        assertThrows(IngotException.BadData.class, () -> ChatTemplate.compile("x".repeat(101), ORIGIN, small));
        ChatTemplate loud = ChatTemplate.compile("{% for i in range(11) %}0123456789{% endfor %}", ORIGIN, small);
        assertThrows(IngotException.BadData.class, () -> loud.render(Json.object(), TemplateData.CLOCK));
    }

    @Test
    void theMessageNamesFileLineAndReason() {
        assertEquals(
                "dir/chat_template.jinja: chat template line 3: the template raises: no \\u000a 'user'",
                fault("a\n{% if true %}\n{{ raise_exception(\"no \\n 'user'\") }}\n{% endif %}"));
        assertEquals(
                "dir/chat_template.jinja: chat template line 2: no filter named 'nosuch'", fault("\n{{ 1|nosuch }}"));
        assertEquals(
                "dir/chat_template.jinja: chat template line 1: no test named 'nosuch'", fault("{{ 1 is nosuch }}"));
        assertEquals(
                "dir/chat_template.jinja: chat template line 4: 'y' is undefined",
                fault("{% macro m() %}\n\n{% endmacro %}{{ m() }}\n{{ y.z }}"));
        assertEquals(
                "dir/chat_template.jinja: chat template line 1: unknown or unsupported tag 'include'",
                fault("{% include 'x' %}"));
    }

    @Test
    void everyTruncationOfAPublishedTemplateRendersOrIsBadData() throws IOException {
        JsonNode messages = Json.parse("""
            [{"role":"system","content":"s"},{"role":"user","content":"hi"},{"role":"assistant","content":"<think>\\nx\\n</think>\\n\\ny"},
             {"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":[1,2.0],"b":null}}}]},
             {"role":"tool","content":"1"}]
            """.getBytes(StandardCharsets.UTF_8), ORIGIN, JsonBound.INPUT);
        ObjectNode tool =
                Json.parseObject("{\"name\":\"f\"}".getBytes(StandardCharsets.UTF_8), ORIGIN, JsonBound.INPUT);
        int rendered = 0;
        int refused = 0;
        for (String name : TemplateData.PUBLISHED) {
            String source = TemplateData.published(name);
            for (int end = 0; end < source.length(); end += 7) {
                try {
                    ChatTemplate template = ChatTemplate.compile(source.substring(0, end), ORIGIN);
                    assertTrue(template.render(ChatRequest.of(messages)
                                            .withTools(Json.array().add(tool)))
                                    .length()
                            < 10_000);
                    rendered++;
                } catch (IngotException.BadData e) {
                    refused++;
                }
            }
        }
        assertTrue(rendered > 10 && refused > 3000, rendered + " rendered, " + refused + " refused");
    }

    @Test
    void hugeConversationsStayWithinTheDefaultBounds() throws IOException {
        ObjectNode message = Json.object().put("role", "user").put("content", "word ".repeat(2_000));
        ObjectNode answer = Json.object()
                .put("role", "assistant")
                .put("content", "<think>\n" + "t ".repeat(900) + "</think>\n\nyes");
        var messages = Json.array();
        for (int i = 0; i < 200; i++) {
            messages.add(message);
            messages.add(answer);
        }
        for (String name : TemplateData.PUBLISHED) {
            String text =
                    ChatTemplate.compile(TemplateData.published(name), ORIGIN).render(ChatRequest.of(messages));
            assertTrue(text.length() > 2_000_000, name);
        }
    }
}
