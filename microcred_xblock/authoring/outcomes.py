"""The outcomes in the author's form beyond their cards: the one list of activities to choose from, and its words."""

from __future__ import annotations

from typing import Any

from ..translation import Translator
from .page import FormPage
from .plurals import plural

_SEARCHED_FROM = 9  # activities; fewer are seen at a glance


def model(page: FormPage) -> dict[str, Any]:
    """The activities an outcome can choose, once for all cards."""
    offered = [block for block in page.blocks if block.offered]
    return {"graded": offered, "searchable": len(offered) >= _SEARCHED_FROM}


def script(_page: FormPage, translator: Translator) -> dict[str, Any]:
    """What the script says of activities and outcomes."""
    _, ngettext = translator.gettext, translator.ngettext
    return {
        "chosen": plural(lambda count: ngettext("{count} activity chosen", "{count} activities chosen", count)),
        "found": plural(lambda count: ngettext("{count} activity found", "{count} activities found", count)),
        "unused": _("assesses nothing yet"), "in_group": _("in a nested group of this outcome"),
        "used": plural(
            lambda count: ngettext("assesses outcome {numbers}", "assesses outcomes {numbers}", count)
        ),
        "assigned": _("“{block}” now assesses “{outcome}”."), "dropped": _("“{block}” was taken out."),
        "option": _("{number}. {title}"), "add": _("Add an outcome"), "and": _(", "),
        "dragged": _("“{title}” is being moved. Escape puts it back."),
        "put_back": _("“{title}” stays where it was."),
    }
