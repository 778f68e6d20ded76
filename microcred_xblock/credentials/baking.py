"""Baking: a signed badge inside its own picture (Open Badges 3.0, document formats, "Baked Badge").

The text is the JSON of a badge with an embedded proof, or the compact JWS of a VC-JWT. All
functions raise InvalidInput for input that is unusable; none changes the picture itself.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator

from lxml import etree

from ..domain.errors import InvalidInput
from . import svg

NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
MAX_BYTES = 10_000_000

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"openbadgecredential"
# Keyword, end of keyword, no compression, method 0, empty language tag, empty translated keyword.
_HEADER = _KEYWORD + b"\0\0\0\0\0"
_ELEMENT = f"{{{NAMESPACE}}}credential"
_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def bake_png(png: bytes, text: str) -> bytes:
    """``png`` with ``text`` in its one ``openbadgecredential`` iTXt chunk; an older one is replaced.

    InvalidInput: ``png-unreadable``, ``bake-text``, ``image-size``.
    """
    baked = _chunk(b"iTXt", _HEADER + _checked(text).encode("utf-8"))
    out = [_SIGNATURE]
    for kind, body in _chunks(png):
        if _is_credential(kind, body):
            continue
        if kind == b"IEND":
            out.append(baked)
        out.append(_chunk(kind, body))
    return b"".join(out)


def unbake_png(png: bytes) -> str:
    """The text that was baked into ``png``. InvalidInput: ``png-unreadable``, ``bake-missing``, ``bake-text``."""
    for kind, body in _chunks(png):
        if _is_credential(kind, body):
            if not body.startswith(_HEADER):
                raise InvalidInput("The badge in this image is not stored as it must be.", code="bake-text")
            try:
                return _checked(body[len(_HEADER):].decode("utf-8").strip())
            except UnicodeDecodeError as error:
                raise InvalidInput("The badge in this image is damaged.", code="bake-text") from error
    raise InvalidInput("There is no badge in this image.", code="bake-missing")


def bake_svg(drawing: bytes, text: str) -> bytes:
    """``drawing`` with ``text`` in one ``openbadges:credential`` directly after ``<svg>``.

    JSON goes into CDATA, a JWS into the attribute ``verify``. An older one is replaced.
    InvalidInput: ``svg-unreadable``, ``svg-entities``, ``bake-text``, ``image-size``.
    """
    _checked(text)
    root = _with_prefix(svg.parse(drawing, limit=MAX_BYTES))
    for old in list(root.iter(_ELEMENT)):
        svg.remove(old)
    element = etree.Element(_ELEMENT)
    element.tail, root.text = root.text, None
    root.insert(0, element)
    if _JWS.fullmatch(text):
        element.set("verify", text)
        return etree.tostring(root, encoding="utf-8", xml_declaration=True)
    # lxml holds one CDATA section per element, and "]]>" needs two: written in place of a mark.
    mark = hashlib.sha256(drawing + text.encode("utf-8")).hexdigest()
    element.text = mark
    section = "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
    baked = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return baked.replace(mark.encode(), section.encode("utf-8"), 1)


def unbake_svg(drawing: bytes) -> str:
    """The text that was baked into ``drawing``. InvalidInput: ``svg-unreadable``, ``bake-missing``, ``bake-text``."""
    root = svg.parse(drawing, limit=2 * MAX_BYTES)
    element = next(root.iter(_ELEMENT), None)
    if element is None:
        raise InvalidInput("There is no badge in this image.", code="bake-missing")
    return _checked(element.get("verify") or "".join(element.itertext()).strip())


def _checked(text: str) -> str:
    """``text`` if it can be a credential: an object in JSON or a compact JWS, and legal in XML."""
    encodable = not any("\ud800" <= character <= "\udfff" for character in text)
    json_like = text.startswith("{") and text.rstrip().endswith("}")
    legal = not re.search("[\x00-\x08\x0b-\x1f\ufffe\uffff]", text)
    if not encodable or not legal or not (json_like or _JWS.fullmatch(text)):
        raise InvalidInput("Only a signed badge, as JSON or compact JWS, can be baked.", code="bake-text")
    if len(text) > MAX_BYTES:
        raise InvalidInput("The badge is too large to be baked into an image.", code="image-size")
    return text


def _with_prefix(root: etree._Element) -> etree._Element:
    """``root`` with ``xmlns:openbadges`` declared on it; lxml can declare only on a new element."""
    if root.nsmap.get("openbadges") == NAMESPACE:
        return root
    fresh = etree.Element(root.tag, dict(root.attrib), nsmap={**root.nsmap, "openbadges": NAMESPACE})
    fresh.text = root.text
    fresh.extend(list(root))
    return fresh


def _is_credential(kind: bytes, body: bytes) -> bool:
    return kind == b"iTXt" and body.split(b"\0", 1)[0] == _KEYWORD


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The ``(type, data)`` chunks of a complete PNG with good checksums, IHDR first and IEND last."""
    if len(png) > 2 * MAX_BYTES:
        raise InvalidInput("The image is too large.", code="image-size", field="image")
    if not png.startswith(_SIGNATURE + b"\0\0\0\rIHDR"):
        raise _unreadable()
    position = len(_SIGNATURE)
    while True:
        head = png[position:position + 8]
        if len(head) < 8:
            raise _unreadable()
        length, kind = struct.unpack(">I4s", head)
        body = png[position + 8:position + 8 + length]
        checksum = png[position + 8 + length:position + 12 + length]
        if len(checksum) < 4 or struct.unpack(">I", checksum)[0] != zlib.crc32(kind + body):
            raise _unreadable()
        yield kind, body
        if kind == b"IEND":
            return
        position += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _unreadable() -> InvalidInput:
    return InvalidInput("The PNG image cannot be read.", code="png-unreadable", field="image")
