"""Scores, sweeps and messages by many threads at once, on a database that real processes share.

``python -m tests.issuance.upkeep_race <address of a database>`` prints a JSON object of what was found afterwards.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from tests.issuance import race

ROUNDS = 6


def play() -> dict[str, Any]:
    """In each round a learner's scores fall, the days of grace pass, the case is closed and the message sent."""
    from django.core import mail

    from microcred_xblock import compat
    from microcred_xblock.issuance import models, notices, regrading, renewing
    from tests.issuance.upkeep_case import WEAK, Story

    compat.account = lambda _learner: SimpleNamespace(email="c@learner.example", language="en", active=True)
    mail.outbox = []
    found: dict[str, Any] = {"faults": []}

    def together(work: Any) -> None:
        found["faults"] += sorted({str(item) for item in race.together(work) if isinstance(item, str | Exception)})

    for number in range(ROUNDS):
        story = Story(f"s{number}", regrade="revoke", grace_days=3, valid_months=12)
        story.record(0)
        together(lambda _i, story=story: story.record(1, WEAK) and None)
        case = models.Regrade.objects.get(award__learner_id=story.learner)
        models.Notice.objects.update(next_attempt_at=story.at(1))
        together(lambda _i, story=story: notices.send_due(story.at(1)) and None)
        pk = models.Notice.objects.get(award__learner_id=story.learner).pk
        together(lambda _i, pk=pk, story=story: notices.send(pk, now=story.at(1)))
        if number % 2:  # one half closes while the other half reports scores that suffice again
            together(lambda i, case=case, story=story: (
                regrading.close(case.pk, now=story.at(4)) if i % 2 else story.record(4) and None
            ))
            found.setdefault("either way", set()).add(str(models.Regrade.objects.get(pk=case.pk).outcome))
            together(lambda _i, story=story: story.record(5) and None)
        else:
            together(lambda _i, case=case, story=story: regrading.close(case.pk, now=story.at(4)))
            together(lambda _i, story=story: story.record(5) and None)
        assert models.Award.objects.filter(learner_id=story.learner, active=True).count() == 1, number

    story = Story("renewing", valid_months=12)
    story.record(0)
    story.sign()
    together(lambda _i: renewing.remind_due(story.at(340)) and None)
    together(lambda _i: story.record(341) and None)
    found.update({
        "cases": models.Regrade.objects.count(), "open": models.Regrade.objects.filter(open=True).count(),
        "reminders": models.Notice.objects.filter(kind="expires-soon").count(),
        "renewals": models.Award.objects.filter(learner_id="renewing").count(),
        "told of a fall": models.Notice.objects.filter(kind="score-change").count(),
        "told of a revocation": models.Notice.objects.filter(kind="revoked").count(),
        "revocations": models.StatusChange.objects.filter(action="revoke").count(),
        "messages": Counter(message.subject.partition(":")[0] for message in mail.outbox)["Your scores have changed"],
    })
    found["either way"] = sorted(found["either way"] - {"recovered", "revoked"})
    found["told of a revocation"] -= found.pop("revocations")
    return found


def main() -> None:
    """Play against the database named on the command line."""
    race.configure(
        sys.argv[1], "http://localhost:1", MICROCRED_NOTICE_EMAIL=True,
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
    )
    from django.core.management import call_command

    from microcred_xblock.issuance import outbox

    call_command("migrate", verbosity=0)
    outbox.enqueue = outbox.hand_over_all = lambda *_: None  # who does what, and when, is decided here
    assert timedelta(days=1) > outbox.HANDED_OVER
    print(json.dumps(play()))


if __name__ == "__main__":
    main()
