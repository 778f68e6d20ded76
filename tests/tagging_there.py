"""The real tagging app, where it is installed: ``python -m tests.tagging_there`` prints what ``compat`` reads of it.

Its own process, because the app must be among the installed ones from the start. Exit code 3 where there is none.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

USAGE = "block-v1:Org+C+R+type@problem+block@"


def main() -> int:
    app = _app()
    if app is None:
        return 3
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}, USE_TZ=True,
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", app],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", CELERY_TASK_ALWAYS_EAGER=True,
    )
    django.setup()
    from django.core.management import call_command

    from microcred_xblock import compat

    call_command("migrate", verbosity=0)
    api = import_module(f"{app}.api")
    first, second = _filled(api)
    found = compat.content_tags([USAGE + "p1", USAGE + "p2", USAGE + "untagged"])
    print(json.dumps({
        "app": app, "has": compat.has_tags(), "taxonomies": [first.id, second.id],
        "tags": [[tag.taxonomy, tag.taxonomy_name, tag.external_id, tag.label, list(tag.blocks)] for tag in found],
    }))
    return 0


def _app() -> str | None:
    """The name of the app that is installed."""
    if find_spec("openedx_tagging") is None:
        return None
    return next((name for name in ("openedx_tagging.core.tagging", "openedx_tagging") if _has(f"{name}.api")), None)


def _has(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _filled(api: Any) -> tuple[Any, Any]:
    """Two taxonomies, one of free text and a disabled one; what p1 and p2 are tagged with."""
    made = [
        api.create_taxonomy("ESCO", export_id="esco"), api.create_taxonomy("Ours", export_id="ours"),
        api.create_taxonomy("Free", export_id="free", allow_free_text=True),
        api.create_taxonomy("Off", export_id="off", enabled=True),
    ]
    esco, ours, free, off = made
    api.add_tag_to_taxonomy(esco, "wind energy", external_id="http://data.europa.eu/esco/skill/1")
    api.add_tag_to_taxonomy(ours, "Locate a fault", external_id="locate")
    api.add_tag_to_taxonomy(ours, "Going away", external_id="gone")
    api.add_tag_to_taxonomy(off, "Hidden", external_id="hidden")
    api.tag_object(USAGE + "p1", esco, ["wind energy"])
    api.tag_object(USAGE + "p2", esco, ["wind energy"])
    api.tag_object(USAGE + "p2", ours, ["Locate a fault", "Going away"])
    api.tag_object(USAGE + "p2", free, ["whatever"])
    api.tag_object(USAGE + "p2", off, ["Hidden"])
    ours.tag_set.get(value="Going away").delete()
    off.enabled = False
    off.save()
    esco.export_id, esco.name = "renamed", "ESCO 2"
    esco.save()
    return esco, ours


if __name__ == "__main__":
    sys.exit(main())
