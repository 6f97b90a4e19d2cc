"""Makes jinja2-corpus.jsonl: small templates and what Python's jinja2 makes of them. See README.md."""

import datetime
import json
import pathlib

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.sandbox

NOW = datetime.datetime(2025, 3, 7, 9, 5, 3, 42)


class Generation(jinja2.ext.Extension):
    """The generation tag of transformers, without the bookkeeping: its body is rendered in place."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def environment():
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


CONTEXT = {
    "s": "hello World", "u": "héllo 日本語 😀 ß", "empty": "", "ws": " \t\n x y \u3000\n", "n": 42, "neg": -7, "f": 1.0, "g": 2.5,
    "t": True, "no": False, "nil": None, "l": [3, 1, 2], "ll": [[1, 2], [3, 4]], "words": ["b", "A", "c", "a"],
    "d": {"b": 1, "a": [1, 2.0, None], "z": {"k": "v"}}, "el": [], "ed": {},
    "users": [{"name": "Zoe", "age": 30, "on": True}, {"name": "adam", "age": 4, "on": False}, {"name": "Bo", "age": 30}],
    "q": "it's \"q\" \\ \n\t\r\x01\x7f<&>", "items_dict": {"items": 1, "keys": 2, "get": 3, "x": 4},
    "floats": [1.0, 1e5, 1e16, 1e22, 1.5e-5, 0.0001, 123456789.123, 1e300, 0.1, 100.0, 5e-324, 2e-323],
}

EXPRESSIONS = r"""
1 + 2 * 3
2 ** 3 ** 2
-2 ** 2
(-2) ** 2
7 // 2, -7 // 2, 7 // -2, 7.5 // 2, -7.5 // 2
7 % 3, -7 % 3, 7 % -3, -7.5 % 2, 7.5 % -2
7 / 2, 6 / 3, 1 / 3
1 / 0
1 // 0
1 % 0
2 ** -1
0 ** -1
10 ** 30
2 ** 100 // 3
-2 ** 101 % 7
1e3, 1.5, 0.1 + 0.2, 1e16, 1e15, 123456789012345678.0
1_000, 0x1F, 0b101, 0o17
1.5e300 * 1e300
true + true, True == 1, 1.0 == 1, '1' == 1
1 == true, 0 == false, none == false
1 if true else 2, 1 if false else 2
1 if false
(1 if false) is defined
'a' if 0 else 'b' if '' else 'c'
1 and 2, 0 and 2, 1 or 2, '' or 'x', none or 0
not 1, not '', not not 3
not 1 == 2
1 < 2 < 3, 1 < 3 < 2, 3 > 2 >= 2 != 1
'a' < 'b', [1, 2] < [1, 3], (1,) < (1, 2)
1 < 'a'
none < 1
'a' in 'abc', 'd' not in 'abc', 1 in [1, 2], 'a' in {'a': 1}, 2 in (1, 3)
1 in 'abc'
nope in 'abc'
1 in none
1 in nope
[] in {}
1.0 in [1], true in [1], 1 in {1.0: 'x'}
3 in range(5), 5 in range(5), 4 in range(0, 9, 2), -2 in range(0, -5, -2)
'a' ~ 1 ~ none ~ true ~ 1.0 ~ nope ~ [1, 'x']
'a' ~ 1 + 2
1 ~ 2 * 3
'a' + 1
'a' + nope
nope + 'a'
nope.x
nope['x']
nope()
nope
nope is defined, nope is undefined, s is defined
nope == nope, nope == none, nope != 1
nope < 1
nope | length, nope | list, nope | upper, nope | default('x')
nope | int
nope | tojson
nope | trim ~ '|'
-nope
d.nope
d.nope.x
d['nope'] is defined
d.nope | default('dflt')
s.nope is defined
n.real is defined
nil.x is defined
none.x.y
'ab' * 3, 3 * 'ab', 'ab' * -1, [1] * 2, 2 * (1,), 'x' * true
'a' * 'b'
[1] + [2], (1,) + (2,)
[1] + (2,)
{} + {}
[1, 2, 3,], (1,), (), [], {}, {'a': 1, 'b': [2]}, (1, 2)
{'a': 1, 'a': 2}, {1: 'x', true: 'y', 1.0: 'z'}
{[1]: 2}
{(1, 2): 3}
l[0], l[-1], l[5] is defined, l[-4] is defined
l[1:], l[:1], l[::-1], l[::2], l[-2:], l[5:], l[:-1], l[1:2:1], l[2:0:-1]
s[1:4], s[::-1], s[-3:], u[::-1], u[6:9], u[10], u | length, s[99] is defined
u[10:11], u[:12:3], u[::-2]
l[::0]
l[true], l[false]
l['a'] is defined
l[1.0] is defined
l[none:2]
l['a':]
n[1:]
nil[0] is defined
range(10)[2:5], range(10)[::-1] | list, range(10)[3], range(5), range(1, 5), range(0, 10, 3)
range(10)[::3], range(10)[8:2:-3]
range(3) | list, range(3, 0, -1) | list, range(0) | list
range(1, 2, 0)
range(100001)
range('a')
ll[1][0], ll.0.1, d.z.k, d['z']['k'], d['a'][1]
d.a.1
d.items() | list, d.keys() | list, d.values() | list
d.items(), d.keys(), d.values(), ed.items()
d.get('b'), d.get('x'), d.get('x', 5), d.get(1)
items_dict.items is callable, items_dict['items'], items_dict.x, items_dict['keys']
items_dict.pop is defined, items_dict.update is defined, ({'update': 1}).update is defined
l.append(1)
d.update({})
d.pop('a')
d.clear()
d.setdefault('b', 1)
l.index(1), l.count(3), (1, 2, 1).count(1), l.copy(), d.copy()
l.index(99)
l.sort()
s.upper(), s.lower(), s.title(), s.capitalize(), s.swapcase(), u.upper(), "it's o'clock x2y".title()
ws.strip(), ws.lstrip(), ws.rstrip()
'xxaxx'.strip('x'), 'xyaxy'.lstrip('yx'), 'xyaxy'.rstrip('yx'), 'a\n\n'.rstrip('\n'), ' a '.strip(none)
'a,b,,c'.split(','), 'a,b,,c'.split(',', 1), 'a b  c '.split(), ' a b  c '.split(none, 1), ''.split(), ''.split(',')
'a,b,c'.rsplit(',', 1), ' a b  c '.rsplit(none, 1), 'a b c'.rsplit(), 'aaa'.rsplit('aa'), 'aaa'.split('aa')
'a'.split('')
'a--b--c'.split('--')[-1], 'no'.split('--')[0], 'a,b'.split(sep=',', maxsplit=0)
'a\nb\r\nc\rd'.splitlines(), 'a\n'.splitlines(), ''.splitlines(), 'a\n\nb'.splitlines(true), 'a\x0bb\x1cc\x85d\u2028e'.splitlines()
s.startswith('he'), s.startswith(('x', 'he')), s.endswith('ld'), s.endswith(('x',)), s.startswith('')
s.startswith(1)
s.startswith(['he'])
s.startswith(nope)
s.replace('l', 'L'), s.replace('l', 'L', 1), s.replace('', '-'), s.replace('', '-', 2), u.replace('', '.'), 'aaa'.replace('aa', 'b')
s.find('o'), s.find('z'), s.find('o', 5), s.rfind('o'), s.find('o', -3), u.find('😀'), u.find('ß'), s.find(''), u.rfind('l')
s.index('o'), s.rindex('l'), s.count('l'), s.count(''), s.count('lo')
s.index('z')
s.find('l', 3, 4), s.find('l', 4, 4), 'abc'.find('', 3), 'abc'.find('', 4)
','.join(['a', 'b']), ''.join([]), '-'.join('abc'), ', '.join(words), ','.join(d)
','.join([1])
'a=b=c'.partition('='), 'abc'.partition('='), 'a=b=c'.rpartition('='), 'abc'.rpartition('=')
'12'.isdigit(), '1a'.isdigit(), ''.isdigit(), 'ab'.isalpha(), 'a1'.isalnum(), ' '.isspace(), 'A'.isupper(), 'a1'.islower(), '²'.isdigit(), '½'.isnumeric(), '²'.isdecimal(), '1'.isupper()
'abc'.removeprefix('a'), 'abc'.removesuffix('c'), 'abc'.removeprefix('x')
'7'.zfill(3), '-7'.zfill(4), 'x'.ljust(3, '.'), 'x'.rjust(3), 'x'.center(4, '*'), 'xy'.center(5, '*'), 'abc'.center(2)
'{} {}'.format(1, 'a'), '{0}{1}{0}'.format('a', 'b'), '{x}'.format(x=none), '{{}}'.format(), '{!r}'.format('a')
'{:5}|{:<5}|{:>5}|{:^5}|{:*^6}'.format('a', 'b', 'c', 'd', 'e')
'{:5d}|{:05d}|{:+d}|{:x}|{:X}|{:b}|{:,}'.format(42, 42, 42, 255, 255, 5, 1234567)
'{:.2f}|{:8.3f}|{:.0f}|{:.1%}|{:,.2f}'.format(3.14159, 2.5, 2.5, 0.256, 12345.678)
'{}'.format()
'{'.format(1)
'%s-%s' % (1, 'b'), '%s' % 'x', '%d' % 3.7, '%5d|%-5d|%05d|%+d' % (1, 2, 3, 4), '%.2f' % 2.675, '%r' % 'a', '%%' % (), '%x' % 255
'%s' % none, '%s' % [1], '%(a)s' % {'a': 1}, '%5s|%-5s|%.2s' % ('a', 'b', 'abc'), '%f' % 1, '%s' % nope
'%s %s' % (1,)
'%s' % (1, 2)
'%d' % 'a'
'%z' % 1
'x' % 1
5 % 'a'
"%s" | format(1), "%s, %s!" | format('a', 'b'), "%(x)s" | format(x=1)
'a' 'b' "c"
'\n\t\\\'\"\x41\u00e9\U0001F600\101\z\a' | tojson
"tab\there", 'it\'s'
'a\
b'
s | upper | lower | title, s | capitalize, 'foo-bar (baz qux) don\'t x_y' | title, u | title, 'HELLO' | capitalize
ws | trim, 'xax' | trim('x'), '  a ' | trim ~ '|', 5 | trim, none | trim
s | length, l | count, d | length, empty | length
n | length
none | length
s | first, l | first, l | last, s | last, el | first is defined, d | first, range(5) | last
l | sort, l | sort(reverse=true), words | sort, words | sort(case_sensitive=true), users | sort(attribute='age') | map(attribute='name') | list, users | sort(attribute='age,name', reverse=true) | map(attribute='name') | list
[1, 'a'] | sort
[3, none] | sort
d | dictsort, {'B': 1, 'a': 2} | dictsort, {'B': 1, 'a': 2} | dictsort(true), {'x': 2, 'y': 1} | dictsort(by='value'), {'x': 2, 'y': 1} | dictsort(reverse=true)
l | min, l | max, words | min, words | max, el | min is defined, users | max(attribute='age'), words | max(case_sensitive=true)
l | sum, [1.5, 2] | sum, users | sum(attribute='age'), l | sum(start=10), el | sum
['a'] | sum
l | join, l | join(', '), users | join('/', attribute='name'), s | join('-'), el | join(','), [1, none, true, nope] | join(' ')
l | reverse | list, s | reverse, u | reverse, d | reverse | list, range(3) | reverse | list
l | map('string') | list, words | map('upper') | join, users | map(attribute='name') | list, users | map(attribute='on', default='?') | list, ll | map('first') | list, ['a b'] | map('replace', ' ', '_') | list
users | map(attribute='on') | map('default', 'none') | list
ll | map(attribute=1) | list, ll | map(attribute='0') | list, [{'a': {'b': [7]}}] | map(attribute='a.b.0') | list
l | map('nofilter') | list
l | map | list
l | select('odd') | list, l | reject('odd') | list, [0, 1, '', 'a'] | select | list, [0, 1] | reject | list, l | select('gt', 1) | list, l | select('in', [1, 2]) | list
l | select('notest') | list
users | selectattr('on') | map(attribute='name') | list, users | rejectattr('on') | map(attribute='name') | list, users | selectattr('age', 'equalto', 30) | map(attribute='name') | list, users | selectattr('on', 'defined') | list | length, users | selectattr('name', 'in', ['Bo', 'x']) | list
users | selectattr
l | select('odd') | first, l | map('string') | first, l | select('odd') | length
l | map('upper') is sequence, l | map('upper') is iterable
l | unique | list, ['a', 'A', 'b'] | unique | list, ['a', 'A'] | unique(true) | list, [1, 1.0, true, 2] | unique | list, users | unique(attribute='age') | map(attribute='name') | list
[[1]] | unique | list
s | list, d | list, range(3) | list, 'é😀' | list
n | list
d | items | list, nope | items | list
l | items | list
'3' | int, '3.7' | int, 'x' | int, 'x' | int(5), '0x1f' | int(base=16), '1f' | int(0, 16), 3.9 | int, -3.9 | int, true | int, none | int, none | int(default=7), ' 12 ' | int, '1_000' | int, '1e3' | int, [] | int
'3' | float, '3.5e2' | float, 'x' | float, 'x' | float(1.5), 3 | float, none | float, ' 1.5 ' | float, 'inf' | float, '1_0.5' | float, '.5' | float, '5.' | float
'1__0' | int, '_1' | int, '1_' | float, ('1' * 4300) | int | string | length, ('1' * 4000) | float, '-0x1F' | int(0, 16), '0b11' | int(0, 0), '+5' | int, '- 5' | int
('1' * 300 ~ '.5') | float, 'Infinity' | float, 'infinit' | float, '1e' | float, '.' | float, '-.5e-3' | float
2.5 | round, 3.5 | round, 2.675 | round(2), 1234.5 | round(-2), 2.1 | round(method='ceil'), 2.9 | round(0, 'floor'), 5 | round, 15 | round(-1), 25 | round(-1), -0.4 | round, 2.55 | round(1, 'ceil')
'a' | round
-5 | abs, 5.5 | abs, (-5) | abs, true | abs
-5 | string ~ 'x', -l | length
'a' | abs
none | default('x'), none | default('x', true), '' | default('x'), '' | d('x', boolean=true), 0 | default(5, true)
'<a&"\'>' | e, '<a>' | escape | e, '<a>' | safe | e, 5 | e, none | e, '<' | forceescape
('<b>' | safe) + '<i>', '<i>' + ('<b>' | safe), ('<b>' | safe) ~ '<i>', ('<b>' | e) * 2, ('a' | safe) is escaped, 'a' is escaped, ('<' | safe) % (), ('%s' | safe) % '<'
('<b>' | safe) | upper, (('<b>' | safe) | upper) + '<', (('<b>' | safe) | replace('b', '<')) + '<', (('<b>' | safe)[0:2]) + '<'
'a\nb\n\nc' | indent, 'a\nb' | indent(2), 'a\nb' | indent(2, true), 'a\n\nb' | indent(2, blank=true), 'a\nb\n' | indent(width='>'), 'a\nb' | indent(2, first=true, blank=false), '' | indent
5 | indent
s | replace('l', 'L'), s | replace('l', 'L', 1), 5 | replace(5, 6), s | replace('o', none), none | replace('N', 'n')
s | center(15), 'x' | center(4) ~ '|', 'a b c-d e_f' | wordcount
l | batch(2) | list, l | batch(2, 'x') | list
d | attr('b') is defined, s | attr('upper') is defined
n | string ~ 's', 1.0 | string, none | string, true | string, l | string, nope | string
d | tojson, l | tojson, u | tojson, q | tojson, floats | tojson, none | tojson, t | tojson, f | tojson, '</script>' | tojson
d | tojson(indent=2)
d | tojson(indent='\t')
d | tojson(separators=(',', ':')), d | tojson(sort_keys=true), u | tojson(ensure_ascii=true), d | tojson(true)
{'a': [], 'b': {}, 'c': [[]]} | tojson(indent=2)
{1: 2, none: 3, true: 4, 1.5: 5} | tojson, (1, 2) | tojson
{(1,): 2} | tojson
range(3) | tojson
namespace(a=1) | tojson
1e400 | tojson, -1e400 | tojson
floats, q, u, d
[q, u, 'a\'b', 'a"b', 'a\'"b', '\\', '\x00\x7f\x80\xa0\xad\u200b\ue000\U0001F600\u3000']
{'k': none, 'm': (1,), 'n': {'o': [true]}}, [nope], ['<' | safe], [range(2)]
1.0, 1.10, 100000.0, 1e-5, 0.00001234, 12345678901234567890, 1.7976931348623157e308, 2e23, 9007199254740993.0
f is float, f is integer, n is integer, t is integer, t is number, t is boolean, n is number, s is number, f is number
s is string, l is string, l is sequence, d is sequence, s is sequence, n is sequence, nil is sequence, (1,) is sequence, range(2) is sequence, d.items() is sequence, nope is sequence
d is mapping, l is mapping, nope is mapping, l is iterable, s is iterable, n is iterable, nope is iterable, nil is iterable, d.keys() is iterable
nil is none, n is none, nope is none, nil is not none, nil is defined, t is true, no is false, n is true, 1 is true, nope is true, not nope is defined
3 is odd, 4 is even, 9 is divisibleby 3, 9 is divisibleby(2), 3 is eq 3, 3 is equalto(4), 3 is ne 4, 3 is gt 2, 3 is ge 3, 3 is lt 2, 3 is le 3, 3 is in [3], 'a' is in 'abc', 3 is sameas 3, none is sameas none, 3 is not in [1]
'abc' is lower, 'ABC' is upper, 'a1' is lower, 'upper' is filter, 'nofilter' is filter, 'odd' is test, range is callable, s is callable, nope is callable
'a' is odd
nope is odd
n is nosuch
n | nosuch
n is defined and s is defined or nope is defined
n is not defined or s is string
3 is odd is true
(3 is odd) is true
s is string and s | length > 3
s | upper == 'HELLO WORLD', s | length + 1, 1 + s | length
'x' if s is defined else 'y'
1 if s is string and l is sequence and l is not string else 2
dict(a=1, b=2), dict({'x': 1}, y=2), dict([('a', 1)]), dict()
dict([1])
namespace(a=1).a, namespace({'b': 2}).b, namespace().x is defined, namespace(a=1)
namespace(a=1)['a'] is defined
raise_exception('boom')
strftime_now('%Y-%m-%d %H:%M:%S|%d %b %Y|%A %B %j|%I %p|%y|%e|%%|%-d')
s.__class__ is defined
s.__class__.__mro__
''.__class__.__base__.__subclasses__()
l.__len__()
s._x is defined
range.__globals__
namespace.__init__.__globals__
(1, 2) == (1, 2), [1, [2]] == [1, [2.0]], {'a': 1} == {'a': 1.0}, [1] == (1,), {'a': 1, 'b': 2} == {'b': 2, 'a': 1}, range(3) == range(0, 3), 'a' == 'a'
1 == 1.0 == true
'é' < 'z', '😀' > '\uffee', 'Z' < 'a', '' < 'a'
10000000000000000000000 == 1e22, 9007199254740993 == 9007199254740993.0, 1e400 > 10 ** 300, 1e400 > 10 ** 400, -1e400 < -(10 ** 400), 1e400 == 1e400, 1e400 in [10 ** 400]
10 ** 400 * 1.0
10 ** 400 / 10 ** 399
(1, 2)[0], {'a': 1}['a'], [1, 2][1], 'abc'[1], (lambda)
{'a': 1}.a, [1][0], 'abc'.upper().lower()[0]
((((1))))
1,
(1, 2, )
foo.bar
foo bar
1 +
)
(
[1, 2
{'a' 1}
{'a': }
'unclosed
"a" if
a.b.
a[
1 2
x = 1
@
s | 
s is
s is not
f(a=1, 2)
range(*[1, 4]) | list, dict(**{'a': 1})
range(**5)
range(*5)
'abc' | replace
'abc' | replace('a')
'abc' | upper(1)
'abc' | nope.x
l | join(d=',')
l | first | string | length
1.5.real
.5
5.
1e
0x
0777
00
1__0
é_name is defined
none.none is defined
true.x is defined
{}['x'] is defined
s['upper'](), d['get']('b')
s[0].upper(), l[0] | string | upper
n(), 1
s()
t()
'a' in ['a'] and 'b' not in ['a'] or false
not 'a' in 'abc'
not ('a' in 'b')
1 + (2 if false else 3)
[x for x in l]
l | sort | first, l | sort | last, (l | sort)[0]
"{{ not a tag }}"
'%}' ~ '}}'
{'a': {'b': {'c': 1}}}.a.b.c
{'a':1}
{'a': [1, {'b': (1, 2)}]} | tojson
""".strip("\n")

BLOCKS = [
    "{% if true %}a{% endif %}b", "{% if s == 'x' %}1{% elif n == 42 %}2{% else %}3{% endif %}", "{% if nope %}1{% else %}2{% endif %}",
    "{% if 0 %}a{% elif 0 %}b{% elif 1 %}c{% elif 1 %}d{% endif %}", "a\n{% if t %}\nb\n{% endif %}\nc\n", "a\n  {% if t %}  \n  b\n  {% endif %}\nc\n\n",
    "a\n  {%+ if t %}\n  b\n  {%+ endif %}\nc", "a\n  {%- if t -%}\n  b\n  {%- endif -%}\nc", "a {{- 1 -}} b", "a {{ 1 }}\nb", "a\n{{ 1 -}}\n\n b", "a\n  {{+ 1 }}",
    "{{ 1 }}\n", "{{ 1 }}\n\n", "\n{{ 1 }}", "  {% set x = 1 %}  \n{{ x }}", "x {% set x = 1 %}\n{{ x }}", "a {# c #} b", "a\n  {# c #}\nb", "a\n {#- c -#} \nb", "{# a\nb #}\nx", "{#+ c +#}\nx",
    "{# unclosed", "{% raw %}{{ x }}{% endraw %}", "a\n  {% raw %}\n {{ x }} {% if %}\n  {% endraw %}\nb", "a {%- raw -%} {{ x }} {%- endraw -%} b", "{% raw %}x", "{% raw -%}\n x {%+ endraw +%}\ny", "{%- raw %} a {% endraw -%} \n b",
    "{% if t %}a{% endif +%}\nb", "{% if t +%}\na{% endif %}", "a\r\nb\rc\n{{ 'x' }}\r\n", "{{ 'a\r\nb' | length }}", "{{ '''' }}", "{ { x } }", "{", "{{", "}}", "a }} b", "%}", "a { b", "{%", "{% %}", "{{ }}", "{{ {'a': {'b': 1}} }}", "{{ {'a': 1}}}",
    "{% for x in l %}{{ x }}{% endfor %}", "{% for x in el %}a{% else %}none{% endfor %}", "{% for x in nope %}a{% else %}none{% endfor %}", "{% for x in none %}a{% endfor %}", "{% for x in 5 %}a{% endfor %}",
    "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}|{% endfor %}",
    "{% for x in l %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}", "{% for x in l %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }} {% endfor %}", "{% for x in l %}{{ loop.previtem.a }}{% endfor %}",
    "{% for x in l %}{{ loop.cycle('a', 'b') }}{% endfor %}", "{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{% endfor %}", "{% for x in l %}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}", "{% for x in l %}{{ loop.nosuch is defined }}{% endfor %}", "{% for x in l %}{{ loop.nosuch.x }}{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k, v in d | items %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}", "{% for a, b in ll %}{{ a }}-{{ b }} {% endfor %}", "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for a, b in [(1, 2, 3)] %}{% endfor %}", "{% for a, b in [(1,)] %}{% endfor %}", "{% for a, b in ['xy', 'zw'] %}{{ a }}{{ b }}{% endfor %}", "{% for (a, b) in ll %}{{ a }}{% endfor %}", "{% for a, in [(1,)] %}{{ a }}{% endfor %}",
    "{% for x in l if x > 1 %}{{ x }}{{ loop.index }}{{ loop.length }}{{ loop.last }}{% else %}e{% endfor %}", "{% for x in l if x > 9 %}{{ x }}{% else %}e{% endfor %}", "{% for x in users if x.on %}{{ x.name }}{% endfor %}", "{% for x in 1, 2 %}{{ x }}{% endfor %}", "{% for c in u %}[{{ c }}]{% endfor %}", "{% for x in range(3) | reverse %}{{ x }}{{ loop.length }}{% endfor %}",
    "{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}", "{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "{% for x in l %}{% break %}{% else %}e{% endfor %}", "{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{% else %}e{% endfor %}", "{% for x in l %}{% continue %}{% else %}e{% endfor %}", "{{ d[1:] }}", "{{ -0.0 }}{{ [-0.0] | tojson }}", "{% break %}", "{% for x in ll %}{% for y in x %}{% if y == 1 %}{% break %}{% endif %}{{ y }}{% endfor %};{% endfor %}", "{% if t %}{% continue %}{% endif %}",
    "{% set x = 1 %}{% for i in l %}{% set x = i %}{{ x }}{% endfor %}{{ x }}", "{% for i in l %}{% set x = i %}{% endfor %}{{ x is defined }}", "{% for i in l %}{{ x }}{% set x = i %}{% endfor %}", "{% set x = 0 %}{% for i in l %}{{ x }}{% set x = x + i %}{{ x }} {% endfor %}", "{% for i in l %}{% if i == 1 %}{% set x = 'y' %}{% endif %}{{ x }}{% endfor %}", "{% set x = 1 %}{% if t %}{% set x = 2 %}{% endif %}{{ x }}", "{% if t %}{% set y = 2 %}{% endif %}{{ y }}", "{% for s in l %}{{ s }}{% endfor %}{{ s }}", "{% for i in l %}{% for i in ll %}{{ i }}{% endfor %}{{ i }}{% endfor %}", "{% set s = s ~ '!' %}{{ s }}", "{% for i in l %}{% set n = n + i %}{{ n }} {% endfor %}{{ n }}",
    "{% set ns = namespace(x=0) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "{% set ns = namespace() %}{% set ns.a = 1 %}{% set ns.b = ns.a + 1 %}{{ ns.a }}{{ ns.b }}{{ ns.c is defined }}", "{% set d.x = 1 %}", "{% set nope.x = 1 %}", "{% set ns = namespace(d, x=1) %}{{ ns.b }}{{ ns.x }}", "{% set ns = namespace(x=1) %}{% set m = ns %}{% set m.x = 5 %}{{ ns.x }}", "{% set ns = namespace(found=false) %}{% for u in users %}{% if u.age == 4 %}{% set ns.found = true %}{% endif %}{% endfor %}{{ ns.found }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a = 1, 2 %}{{ a }}", "{% set a, b = [1] %}", "{% set (a, b) = 'xy' %}{{ b }}", "{% set x %}a{{ n }}b{% endset %}[{{ x }}]", "{% set x | upper %}abc{% endset %}{{ x }}", "{% set x | replace('a', 'b') | upper %}aac{% endset %}{{ x }}", "{% set x %}{% set y = 1 %}{{ y }}{% endset %}{{ x }}{{ y is defined }}", "{% set ns = namespace() %}{% set ns.x %}hi{% endset %}{{ ns.x }}", "{% set x = 1 if no %}{{ x is defined }}", "{% set x = 1 %}{% set x = x + 1 %}{{ x }}", "{% set true = 1 %}", "{% set 1 = 1 %}", "{% set x %}", "{% set x = %}", "{% set a.b.c = 1 %}", "{% set x == 1 %}",
    "{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(a=5, b=6) }}{{ m(b=1, a=0) }}", "{% macro m(a) %}[{{ a }}]{% endmacro %}{{ m() }}", "{% macro m(a) %}{{ a is defined }}{% endmacro %}{{ m() }}{{ m(none) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, a=2) }}", "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}", "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}", "{% macro m(x=[]) %}{{ x }}{% endmacro %}{{ m() }}", "{% macro m(a=1, b) %}{% endmacro %}", "{% macro m(a, a) %}{% endmacro %}", "{% macro m(n) %}{% if n > 0 %}{{ n }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(5) }}",
    "{% macro m() %}{{ x }}{% endmacro %}{% set x = 1 %}{{ m() }}", "{% macro m() %}{% set x = 2 %}{{ x }}{% endmacro %}{% set x = 1 %}{{ m() }}{{ x }}", "{% macro a() %}A{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}", "{% macro outer(x) %}{% macro inner(y) %}{{ x }}{{ y }}{% endmacro %}{{ inner(2) }}{% endmacro %}{{ outer(1) }}", "{% macro m(x) %}\n  {%- if x %}\n    {{- x }}\n  {%- endif %}\n{% endmacro %}\n{{ m('a') }}|{{ m('') }}|", "{% macro m(x) %}{{ x | upper }}{% endmacro %}{{ m('a') ~ m('b') | lower }}{{ (m('c') | trim)[0] }}", "{% for i in l %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}", "{% macro m(ns) %}{% set ns.x = ns.x + 1 %}{% endmacro %}{% set ns = namespace(x=1) %}{{ m(ns) }}{{ ns.x }}", "{% macro m(a) %}{% for x in a %}{{ loop.index }}{{ m(x) if x is iterable and x is not string else x }}{% endfor %}{% endmacro %}{{ m([1, [2, [3]]]) }}", "{% macro m %}{% endmacro %}", "{{ m() }}{% macro m() %}x{% endmacro %}", "{% macro m(**k) %}{% endmacro %}", "{% macro m(x) -%}\n {{ x }}\n{%- endmacro %}[{{ m(1) }}]", "{% macro m() %}<{{ caller is defined }}>{% endmacro %}{{ m() }}", "{% macro m() %}{{ '<' }}{% endmacro %}{{ m() + '<' }}{{ m() is escaped }}",
    "{% generation %}a{{ n }}{% endgeneration %}b", "{% for x in l %}{% generation %}{{ x }}{% endgeneration %}{% endfor %}", "a\n{% generation %}\nb\n{% endgeneration %}\nc", "{% generation %}a",
    "{% with x = 1, y = 2 %}{{ x }}{{ y }}{% endwith %}{{ x is defined }}", "{% with %}{% set x = 1 %}{{ x }}{% endwith %}{{ x is defined }}", "{% set x = 0 %}{% with x = 1, y = x %}{{ x }}{{ y }}{% endwith %}", "{% with a, b = ll[0] %}{{ b }}{% endwith %}", "{% filter upper %}ab{{ s }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}aXa{% endfilter %}",
    "{% if t %}", "{% endif %}", "{% if t %}{% endfor %}", "{% for x in l %}{% endif %}", "{% nosuch %}", "{% if %}{% endif %}", "{% for %}{% endfor %}", "{% for x l %}{% endfor %}", "{% for x in %}{% endfor %}", "{% else %}", "{% if t %}a{% else %}b{% else %}c{% endif %}", "{% if t %}a{% else %}b{% elif t %}c{% endif %}", "{% if t } %}", "{% set x = (1 %}", "{% if t %}{{ 1 }{% endif %}", "{{ (1 }} )", "{{ [1}} ]", "{% if x.y.z %}a{% endif %}", "{% if nope.x is defined %}a{% endif %}", "{% if (nope.x) is defined %}a{% endif %}",
    "{% if l %}L{% endif %}{% if el %}E{% endif %}{% if d %}D{% endif %}{% if ed %}F{% endif %}{% if 0.0 %}Z{% endif %}{% if nil %}N{% endif %}{% if ' ' %}S{% endif %}{% if range(0) %}R{% endif %}", "{{ l }}{{ d }}{{ none }}{{ true }}{{ 1.0 }}", "{{ 1 }}{{ 2 }}\n{{ 3 }}", "{{-1}}", "{{- -1 }}", "{{ 1 - -1 }}", "{{ 1--1 }}", "{%-set x=1-%}{{x}}", "{%set x=1%}{{x}}", "{%- for x in l -%} {{ x }} {%- endfor -%} z", "a{% if t %} {% endif %}b", "  {{ 1 }}  {% if t %} x {% endif %}  y", "\t{% if t %}\tx\n\t{% endif %}\ty", "a\n\u00a0{% if t %}x{% endif %}", "{{ 'a' -}}   {{- 'b' }}", "a\n\n\n{%- if t %}\n\n\nb{% endif %}", "{% if t -%}   \n  b{% endif %}", "{% if t %}\n\n{% endif %}x", "{% set x = 1 -%}\n\n{{ x }}", "line1\n{% set x = 1 %}\nline2\n{% set y = 2 %}\n\nline3", "{% for m in users %}\n{{ m.name }}\n{% endfor %}\n", "{% for m in users -%}\n{{ m.name }}\n{% endfor -%}\n|",
    "{% for x in l %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}", "{% for a in ll %}{% set outer = loop %}{% for b in a %}{{ outer.index }}.{{ loop.index }} {% endfor %}{% endfor %}", "{% for a in ll %}{% for b in a %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}", "{{ loop is defined }}{% for x in l %}{% endfor %}{{ loop is defined }}", "{% for x in l %}{{ loop }}{% endfor %}" if False else "{% for x in l %}{{ loop is iterable }}{% endfor %}", "{% set loop_messages = users[1:] %}{% for m in loop_messages %}{{ m.name }}{{ loop.index0 }}{% endfor %}", "{% for m in users[::-1] %}{% set i = (users | length - 1) - loop.index0 %}{{ i }}{{ m.name }}{% endfor %}", "{% set g = l | map('string') %}{{ g | join }}{{ g | join }}", "{% set g = d | items %}{% for k, v in g %}{{ k }}{% endfor %}{% for k, v in g %}{{ k }}{% endfor %}", "{{ (l | select('odd')) is defined }}{{ true if l | map('upper') else false }}", "{% set x = l | map('nope', 1) %}ok" if False else "{% set x = l | select('odd') %}{{ x | list }}{{ x | list }}",
    "{% if n is divisibleby 2 and n > 3 %}y{% endif %}", "{% if n is not none and n %}y{% endif %}", "{% if 'a' in d and d.a is sequence %}y{% endif %}", "{% if s is string %}{% if l is not string %}y{% endif %}{% endif %}", "{% if not (s.startswith('x') and s.endswith('y')) %}y{% endif %}", "{% if not(s.startswith('x')) %}y{% endif %}", "{{ 'yes' if users[0].on else 'no' }}{{ 'yes' if users[2].on else 'no' }}", "{% if users[2].on is defined %}a{% else %}b{% endif %}", "{{ users[0]['name'] + users[1].name }}", "{{ raise_exception('no ' ~ n) if n else 'x' }}", "{% if strftime_now is defined %}{{ strftime_now('%d %b %Y') }}{% endif %}", "{% if date_string is not defined %}{% set date_string = strftime_now('%Y') %}{% endif %}{{ date_string }}", "{% set tools = none %}{% if tools is not none and tools %}a{% endif %}b", "{%- if not nope is defined %}{%- set nope = [] %}{%- endif %}{{ nope | length }}", "{{ '{' ~ '%' }}", "{{ \"it's\" }}", "{{ d.a | tojson }}{{ d | tojson | length }}", "{{ {'b': 1, 'a': u} | tojson }}", "{{ [1, 2.0, 'x', none, true, {'a': []}] | tojson(indent=4) }}", "{{ q | tojson }}", "{{ floats | tojson(indent=1) }}", "{% set x = d | tojson | safe if d is mapping else d | string %}{{ x }}", "{% set x = n | tojson | safe if n is mapping or (n is sequence and n is not string) else n | string %}{{ x }}", "{{ '\\n' }}{{ '\\\\n' }}", "{{ \"a\" \n ~ \n 'b' }}", "{% if t\n and n\n %}x{% endif %}", "{{ # }}", "{{ 1 # c }}", "{{ ; }}", "{{ a; }}", "{{ $ }}", "{{ s|upper|lower }}{{s | length>3}}", "{{ {} }}{{ [] }}{{ () }}", "{{ {}.x is defined }}", "{{ 'x'.join(l | map('string')) }}", "{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}", "{% for x in l recursive %}{{ x }}{% endfor %}" if False else "{% for x in (1, 2) %}{{ x }}{% endfor %}",
    "{% do l.append(1) %}", "{% set ns = namespace(l=[]) %}{% for x in l %}{% set ns.l = ns.l + [x * 2] %}{% endfor %}{{ ns.l }}", "{% set content = '<think>r</think>\\n\\nx' %}{{ content.split('</think>')[-1].lstrip('\\n') }}|{{ content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') }}", "{{ users | map(attribute='name') | map('lower') | sort | join(',') }}", "{{ users | selectattr('age', 'gt', 10) | map(attribute='name') | first }}", "{{ (users | first).name }}{{ (users | last).name }}", "{{ users | length > 2 and users[0].age == 30 }}", "{{ ns is defined }}{% set ns = namespace() %}{{ ns is mapping }}{{ ns is string }}{{ ns is iterable }}{{ ns is sequence }}",
]

# ASCII-heavy interactions of the whitespace rules: every sign on every side of every kind of tag.
for left in ["", "-", "+"]:
    for right in ["", "-", "+"]:
        BLOCKS.append("x \n  {%" + left + " if t " + right + "%} \n y \n  {%" + left + " endif " + right + "%} \n z \n")
        BLOCKS.append("x {%" + left + " if t " + right + "%}\n\n y{%" + left + " endif " + right + "%}\n\n z\n\n")
        BLOCKS.append("x \n  {#" + left + " c " + right + "#} \n z")
        BLOCKS.append("x \n  {#" + left + " c " + right + "#}\n\n z")
        BLOCKS.append("x \n  {%" + left + " raw " + ("-" if right == "-" else "") + "%}\n {{ y }} \n  {%" + left + " endraw " + right + "%}\n z")
        if right != "+":
            BLOCKS.append("x \n  {{" + left + " n " + right + "}}\n\n z")
    BLOCKS.append("{% if t %}\n  {{" + left + " n }}\n{% endif %}\n  {#" + left + " c #}  {% set x = 1 %}\n")


def main():
    here = pathlib.Path(__file__).parent
    env = environment()
    templates = ["{{ " + e + " }}" for e in join_continued(EXPRESSIONS)] + BLOCKS
    with open(here / "jinja2-corpus.jsonl", "w", encoding="utf-8", newline="\n") as out:
        for template in dict.fromkeys(templates):
            case = {"template": template}
            try:
                case["text"] = env.from_string(template).render(**json.loads(json.dumps(CONTEXT)))
            except Exception as e:
                case["error"] = type(e).__name__
            case["context"] = {k: v for k, v in CONTEXT.items() if used(k, template)}
            if "<" in case.get("text", "") and " at 0x" in case["text"]:
                del case["text"]
                case["error"] = "prints a memory address"
            out.write(json.dumps(case, ensure_ascii=True) + "\n")


def join_continued(text):
    """One expression per line; a line that ends in a backslash goes on in the next."""
    return text.replace("\\\n", "\x00").replace("\n", "\x01").replace("\x00", "\\\n").split("\x01")


def used(name, template):
    return name in template


main()
