"""``python -m tests.issuance.skills_there <address>``: the catalogue on a real database; prints what is found there."""

from __future__ import annotations

import json
import sys
from typing import Any

from tests.issuance import race


def main(url: str) -> None:
    race.configure(url, "https://wallet.example")
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from microcred_xblock.issuance import models, skills
    from tests.issuance import test_skills as here

    models.Skill.objects.all().delete()
    here.store_few()
    here.stored(here.concept("7", "طاقة الرياح"), language="ar")
    found: dict[str, Any] = {
        "win": here.names("win"), "eolienne insp": here.names("eolienne insp", "fr"),
        "energie": here.names("energie", "de"), "turb wi": here.names("turb wi"), "طاقه": here.names("طاقه", "ar"),
        "case": here.stored(here.concept("abc", "case one"), here.concept("ABC", "case two")).new,
        "again": here.stored(here.concept("4", "window cleaning")).changed,
    }
    found["queries use the index"] = _indexed(skills, models)
    here.stored(here.concept("1", "wind energy", "wind power", kind="knowledge"), complete=True)
    found["after"] = here.names("wind")
    print(json.dumps(found))


def _indexed(skills: Any, models: Any) -> bool:
    """Whether the beginning of a word is looked up rather than read for."""
    rows = models.SkillWord.objects.filter(skills._beginning("wind"), language="en").values_list("skill")
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
        return "word ~>=~ 'wind'" in rows.explain()
    return "microcred_skill_word" in rows.explain() and "range" in rows.explain()


if __name__ == "__main__":
    main(sys.argv[1])
