"""Plays the fault matrix and prints it: ``python -m tests.faults.matrix [words of a scenario …]``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
import traceback
from pathlib import Path

from tests.faults.scenarios import SCENARIOS, Play, Scenario
from tests.faults.stage import MAIL, NAME, Stage

REPEATED = "every task once more, for every row"
PRINTED: list[str] = []  # for the end of pytest's run
LOGS = "no personal data in the workers' logs"


def play(scenarios: list[Scenario]) -> dict[str, dict[str, str]]:
    """The outcome of each scenario, and of what is true after all of them."""
    found: dict[str, dict[str, str]] = {}
    with Stage.open() as stage:
        chosen: dict[str, Play] = {one.id: one.play for one in scenarios}
        for name, work in {**chosen, REPEATED: repeat, LOGS: read_logs}.items():
            found[name] = _outcome(stage, work)
            print(table({name: found[name]}).splitlines()[0], found[name]["fault"], file=sys.stderr, flush=True)
    return found


def _outcome(stage: Stage, work: Play) -> dict[str, str]:
    begun = time.monotonic()
    try:
        stage.rest()
        said, fault = work(stage), ""
    except Exception as error:
        said, fault = f"FAILED: {error}"[:200], traceback.format_exc()
        stage.go_on()
    return {"outcome": said, "fault": fault, "seconds": f"{time.monotonic() - begun:.1f}"}


def repeat(stage: Stage) -> str:
    """Messages from weeks ago arrive again: nothing changes, here or in the wallets."""
    from microcred_xblock.issuance import models, tasks

    def state() -> list:
        rows = models.Credential.objects.order_by("pk").values_list("pk", "state", "credential_id", "digest")
        sent = models.Delivery.objects.order_by("pk").values_list("pk", "state", "attempts", "delivered_at")
        return [list(rows), list(sent), models.Award.objects.count(), models.Consent.objects.count()]

    before, uploads = state(), [len(host.received("/credentials")) for host in stage.hosts.values()]
    sent = [(tasks.issue_award, str(pk)) for pk in models.Award.objects.values_list("pk", flat=True)]
    sent += [(tasks.deliver_connection, pk) for pk in models.WalletConnection.objects.values_list("pk", flat=True)]
    stage.random.shuffle(sent)
    ids = [task.apply_async(args=(pk,)).id for task, pk in sent]

    def worked_off() -> bool:
        text = stage.logs()
        return all(f"[{task_id}] succeeded" in text for task_id in ids)

    stage.wait(worked_off, "worked off")
    assert state() == before, "rows changed"
    assert [len(host.received("/credentials")) for host in stage.hosts.values()] == uploads, "sent again"
    return f"{len(sent)} messages changed nothing"


def read_logs(stage: Stage) -> str:
    """Names, addresses and tokens of learners are nowhere in what the workers wrote."""
    text = stage.logs()
    secrets = {NAME, MAIL, *(token for host in stage.hosts.values() for token in (*host.access, *host.refreshes))}
    assert not [secret for secret in secrets if secret in text], "personal data in a log"
    return f"{len(text.splitlines())} lines"


def table(found: dict[str, dict[str, str]]) -> str:
    """Fault × step → outcome."""
    rows = [(*name.partition(" / ")[::2], entry["outcome"], entry["seconds"]) for name, entry in found.items()]
    widths = [max(len(row[index]) for row in [("fault", "step"), *rows]) for index in range(2)]
    lines = [f"{fault:<{widths[0]}}  {step:<{widths[1]}}  {took:>5} s  {said}" for fault, step, said, took in rows]
    broken = sum(bool(entry["fault"]) for entry in found.values())
    note = "Uploads beyond the second are the same bytes under the same id again: the wallet holds each once."
    return "\n".join([*lines, note, f"{len(rows)} faults, {len(rows) - broken} as it should be, {broken} not"])


def main() -> int:
    """Print the matrix, and write it where it is asked for."""
    signal.signal(signal.SIGTERM, lambda *_args: sys.exit(1))  # so that everything we started ends too
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*", help="play only scenarios whose name holds all of them")
    parser.add_argument("--names", nargs="*", help="play only these")
    parser.add_argument("--json", type=Path, help="write what was found into this file")
    told = parser.parse_args()
    wanted = [one for one in SCENARIOS if all(word in one.id for word in told.words)]
    found = play([one for one in wanted if told.names is None or one.id in told.names])
    print(table(found))
    if told.json:
        told.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return int(any(entry["fault"] for entry in found.values()))


if __name__ == "__main__":
    sys.exit(main())
