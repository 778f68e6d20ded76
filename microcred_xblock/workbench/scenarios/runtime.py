"""What the workbench's runtime lacks for the blocks of the demo pill, and a platform would give them.

- ``url_name``: xblock-drag-and-drop-v2 builds its element ids from it, and several exercises on one
  page need several sets of ids.
- An ``i18n`` service that reads the block's own catalogues.
- The platform's styles, as far as the two blocks lean on them.
- What a view hands to its script, written so that no author's text can end the element it stands in.
- Nothing from another host: in the workbench, problem-builder asks a CDN for an icon font. The link
  is dropped; the glyphs come with the styles.
"""

from __future__ import annotations

import gettext
import json
import re
from importlib.resources import as_file, files
from typing import Any
from urllib.parse import urlsplit

from django.utils import translation
from web_fragments.fragment import Fragment
from workbench import scenarios, views
from workbench.runtime import WorkbenchRuntime
from xblock.runtime import Mixologist, NullI18nService

BLOCKS = ("html_demo", "drag-and-drop-v2", "problem-builder")
STYLES = (files(__package__) / "blocks.css").read_text(encoding="utf-8")


class UrlName:
    """Gives a block the ``url_name`` it would have on a platform."""

    @property
    def url_name(self) -> str:
        """The usage id, usable as an element id."""
        return str(self.scope_ids.usage_id).replace(".", "-")


class ScriptCatalogue(gettext.NullTranslations):
    """The catalogue of a block's script, for what its server says: drag-and-drop has no other one."""

    def __init__(self, script: str) -> None:
        super().__init__()
        found = re.search(r"const newcatalog = (\{.*?\n *\});", script, re.DOTALL)
        self._texts: dict[str, Any] = json.loads(found.group(1)) if found else {}

    def gettext(self, message: str) -> str:
        """The translation, or ``message``."""
        text = self._texts.get(message)
        return text if isinstance(text, str) else super().gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The first form for one, the last for many: enough for the languages of the demo."""
        forms = self._texts.get(msgid1)
        return forms[0 if n == 1 else -1] if isinstance(forms, list) else super().ngettext(msgid1, msgid2, n)


class BlockTranslations(NullI18nService):
    """The catalogues inside one block's package, in the language of the request."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        package = files(getattr(block, "unmixed_class", type(block)).__module__.partition(".")[0])
        language = (translation.get_language() or "en").replace("-", "_")
        path = f"public/js/translations/{language}/text.js"
        self._script = path if (package / path).is_file() else ""
        try:
            with as_file(package / "translations") as folder:
                self._translations = gettext.translation("text", folder, languages=[language])
        except OSError:
            script = (package / path).read_text(encoding="utf-8") if self._script else ""
            self._translations = ScriptCatalogue(script)

    def get_javascript_i18n_catalog_url(self, block: Any) -> str | None:
        """Where the browser finds the block's script catalogue; None for a language it does not speak."""
        return block.runtime.local_resource_url(block, self._script) if self._script else None


class DemoRuntime(WorkbenchRuntime):
    """The workbench's runtime with named, translated and styled blocks, and without other hosts."""

    def __init__(self, user_id: str | None = None) -> None:
        super().__init__(user_id)
        self.mixologist = Mixologist((UrlName,))

    def service(self, block: Any, service_name: str) -> Any:
        """The service ``service_name``; the demo's blocks each get an ``i18n`` of their own."""
        service = super().service(block, service_name)
        if service_name == "i18n" and service is not None and block.scope_ids.block_type in BLOCKS:
            return BlockTranslations(block)
        return service

    def render(self, block: Any, view_name: str, context: dict | None = None) -> Fragment:
        """The rendered view, with the styles of the demo's blocks and without links to other hosts."""
        fragment = local_only(super().render(block, view_name, context))
        if block.scope_ids.block_type in BLOCKS:
            fragment.add_css(STYLES)
        return fragment


    def wrap_xblock(self, block: Any, view: str, frag: Fragment, context: dict) -> Fragment:
        """The view in its element."""
        wrapped = super().wrap_xblock(block, view, frag, context)
        handed = f'class="xblock_json_init_args">{json.dumps(frag.json_init_args)}<'
        return with_content(wrapped, wrapped.content.replace(handed, handed[:-1].replace("<", "\\u003c") + "<"))


def with_content(fragment: Fragment, content: str) -> Fragment:
    """``fragment`` with other HTML."""
    return Fragment.from_dict({**fragment.to_dict(), "content": content})


def local_only(fragment: Fragment) -> Fragment:
    """``fragment`` without resources from other hosts; the same fragment where there are none."""
    kept = [item for item in fragment.resources if item.kind != "url" or not urlsplit(item.data).netloc]
    if len(kept) == len(fragment.resources):
        return fragment
    return Fragment.from_dict({**fragment.to_dict(), "resources": [item._asdict() for item in kept]})


def install() -> None:
    """Make the workbench use DemoRuntime. Call once per process, before scenarios are loaded."""
    views.WorkbenchRuntime = scenarios.WorkbenchRuntime = DemoRuntime
