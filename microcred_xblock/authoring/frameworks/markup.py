"""Descriptions in HTML as plain text, and plain text as HTML. No script, style or address survives."""

from __future__ import annotations

import re

from django.utils.html import escape
from lxml import etree, html

_BLOCKS = frozenset({
    "address", "article", "blockquote", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "ul",
})
_LINES = frozenset({"li", "tr"})
_NOT_TEXT = frozenset({"script", "style", "template", "head", "noscript", "iframe", "object", "svg", "math", "title"})


def to_text(markup: str) -> str:
    """The words of ``markup``: paragraphs apart by an empty line, items of lists as lines with “•”."""
    if "<" not in markup and "&" not in markup:
        return _tidy(markup)
    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False, encoding="utf-8")
    try:
        root = html.document_fromstring(f"<div>{markup}</div>".encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):
        return _tidy(re.sub(r"<[^<>]*>", " ", markup))
    return _tidy("".join(_words(root)))


def _words(root: etree._Element) -> list[str]:
    """The text of the tree in its order, without recursion: a hostile tree may be deep."""
    found: list[str] = []
    skipped = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            skipped += tag in _NOT_TEXT
            if not skipped:
                found += [_edge(tag, True), _joined(element.text)]
        else:
            if not skipped:
                found.append(_edge(tag, False))
            skipped -= tag in _NOT_TEXT
            if not skipped:
                found.append(_joined(element.tail))
    return found


def _edge(tag: str, start: bool) -> str:
    if tag == "br":
        return "\n" if start else ""
    if tag in _BLOCKS:
        return "\n\n"
    if tag in _LINES:
        return ("\n• " if tag == "li" else "\n") if start else "\n"
    return " " if tag in ("td", "th") else ""


def _joined(text: str | None) -> str:
    """Line ends in HTML are spaces; a no-break space is a space that somebody wanted."""
    return re.sub(r"[ \t\r\n\f]+", " ", text or "")


def _tidy(text: str) -> str:
    lines = [re.sub(r"[ \t]+", " ", line).strip(" \t") for line in text.replace("\r\n", "\n").split("\n")]
    lines = [line for line in lines if line != "•"]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def to_html(text: str) -> str:
    """``text`` as paragraphs and line breaks, with nothing of it read as HTML."""
    paragraphs = [part for part in re.split(r"\n{2,}", text.strip()) if part.strip()]
    return "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in paragraphs)
