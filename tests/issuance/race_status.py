"""Places in status lists, changes of status and signatures of a list, by many threads at once.

``python -m tests.issuance.race_status <address of a database>`` prints a JSON object of what was found afterwards.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from .race import THREADS, set_up, together

AWARDS = 16  # for each thread


def play() -> dict[str, Any]:
    """Everything at once, step by step."""
    from django.utils import timezone

    from microcred_xblock.credentials import status_list
    from microcred_xblock.domain.errors import NotAllowed
    from microcred_xblock.issuance import api, models, status, status_publishing
    from tests.factories import make_pill, make_scores

    now, pill, found = timezone.now(), make_pill(), {}
    scores = make_scores(at=now)
    for number in range(THREADS * AWARDS):
        api.record_scores(pill, scores, learner_id=f"learner-{number}", course_id="c", now=now)
    awards = list(models.Award.objects.select_related("pill").order_by("learner_id"))

    # few indices, so that the threads often draw the same one
    status.secrets = _Narrow()
    own = together(lambda index: [status.badge_entry(awards[index * AWARDS + n])["id"] for n in range(AWARDS)])
    found["faults"] = sorted({item for item in own if isinstance(item, str)})
    found["entries"] = models.StatusEntry.objects.count()
    found["distinct places"] = models.StatusEntry.objects.values("list_id", "index").distinct().count()
    found["allocated as counted"] = all(
        row.allocated == row.entries.count() for row in models.StatusList.objects.all()
    )

    models.StatusEntry.objects.filter(award=awards[0]).delete()
    same = together(lambda _index: status.badge_entry(awards[0])["id"])
    found["places of one award"] = len(set(same))

    def change(index: int) -> int:
        award = models.Award.objects.get(pk=awards[1].pk)
        try:
            (status.revoke if index % 2 else status.suspend)(award, reason="other", actor="system", now=now)
        except NotAllowed:
            return 0
        return 1

    changed = together(change)
    found["faults"] += sorted({item for item in changed if isinstance(item, str)})
    found["revocations"] = models.StatusChange.objects.filter(action="revoke").count()
    found["suspensions at most one"] = models.StatusChange.objects.filter(action="suspend").count() <= 1
    found["status"] = models.Award.objects.get(pk=awards[1].pk).status

    entry = models.StatusEntry.objects.get(award=awards[2])

    def read(index: int) -> Any:
        if index == 3:
            status.revoke(awards[2], reason="other", actor="system", now=now)
        return status_publishing.signed_list(entry.list_id, "revocation", now=timezone.now()).etag

    etags = together(read)
    found["faults"] += sorted({f"{type(item).__name__} {item}" for item in etags if len(str(item)) != 64})
    final = status_publishing.signed_list(entry.list_id, "revocation", now=timezone.now())
    bits = status_list.decode(json.loads(final.content)["credentialSubject"]["encodedList"])
    revoked = entry.list.entries.filter(revoked=True).values_list("index", flat=True)
    found["bits are the rows"] = sorted(revoked) == [n for n in range(len(bits) * 8) if status_list.is_set(bits, n)]
    found["the last revocation is there"] = status_list.is_set(bits, entry.index)
    found["every published list is in the audit"] = set(etags) | {final.etag} <= set(
        models.KeyUse.objects.filter(purpose="status-list").values_list("digest", flat=True)
    )
    return found


class _Narrow:
    """``secrets`` with few numbers."""

    @staticmethod
    def randbelow(_size: int) -> int:
        import secrets

        return secrets.randbelow(THREADS * AWARDS * 2)


if __name__ == "__main__":
    set_up(sys.argv[1], "http://127.0.0.1:9")
    print(json.dumps(play()))
