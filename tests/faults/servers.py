"""Servers that stop, messages that are lost or doubled, several at one row, and a disk that is full."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Any

from tests.faults.common import (
    ask_for_assessment,
    assessed,
    queued,
    request_of,
    restart_database,
    scenario,
    take_award,
)
from tests.faults.stage import Stage


@scenario("broker dropped", "restarted empty with a full queue")
def broker_dropped_with_queue(stage: Stage) -> str:
    stage.pause()
    learners = queued(stage, 3)
    stage.broker.kill()
    stage.broker.start()
    stage.go_on()
    stage.drive(lambda: stage.delivered(*learners), "delivered")
    return f"3 learners delivered, {stage.check(*learners)}"


@scenario("broker down", "while learners consent and send")
def broker_down(stage: Stage) -> str:
    from microcred_xblock.issuance import broker

    one = stage.learner()
    stage.connect(one)
    stage.broker.kill()
    begun = time.monotonic()
    stage.consent(one)
    stage.send(one)
    waited = time.monotonic() - begun
    stage.broker.start()
    assert waited < 10, f"the learner waited {waited:.0f} s for a broker that is down"
    stage.drive(lambda: stage.delivered(one), "delivered")
    broker.wake()  # what follows begins with a broker that this process has no doubt of
    return f"the page answers, delivered, {stage.check(one)}"


@scenario("database restarted", "while workers are busy")
def database_restarted(stage: Stage) -> str:
    stage.pause()
    learners = queued(stage, 5)
    stage.go_on()
    time.sleep(0.4)
    restart_database(stage)
    stage.drive(lambda: stage.delivered(*learners), "delivered")
    return f"5 learners delivered, {stage.check(*learners)}"


@scenario("database restarted", "sign: stored, not committed", point="sign: stored, not committed")
@scenario("database restarted", "deliver: answer arrived", point="deliver: request answered")
def database_restarted_at(stage: Stage, point: str) -> str:
    from tests.faults import points

    one = stage.learner()
    stage.connect(one)
    points.arm(point, "hold")
    stage.consent(one)
    stage.send(one)
    stage.drive(lambda: points.reached(point) == 1, "held")
    restart_database(stage)
    points.release(point)
    stage.drive(lambda: stage.delivered(one), "delivered")
    return f"delivered, {stage.check(one)}"


@scenario("messages tripled and shuffled", "all tasks")
def shuffled(stage: Stage) -> str:
    from microcred_xblock.issuance import models, tasks

    stage.pause()
    learners = queued(stage, 4)
    awards = [one.award_id for one in learners]
    connections = models.WalletConnection.objects.filter(learner_id__in=[one.value.id for one in learners])
    messages: list[tuple[Any, tuple[Any, ...]]] = [(tasks.issue_award, (pk,)) for pk in awards]
    messages += [(tasks.deliver_connection, (pk,)) for pk in connections.values_list("pk", flat=True)]
    messages = [*messages, (tasks.sweep, ())] * 3
    stage.random.shuffle(messages)
    for task, ids in messages:
        task.apply_async(args=ids)
    stage.go_on()
    stage.drive(lambda: stage.delivered(*learners), "delivered")
    outcome = stage.check(*learners)
    assert outcome == "8 uploads of 8", outcome
    return f"{len(messages)} messages, 4 learners delivered, {outcome}"


@scenario("two workers on one row", "sign", point="sign: before the ELM seal")
@scenario("two workers on one row", "deliver", point="deliver: request")
def two_on_one_row(stage: Stage, point: str) -> str:
    from microcred_xblock.issuance import models, tasks
    from tests.faults import points

    one = stage.learner()
    stage.connect(one)
    points.arm(point, "hold")
    stage.consent(one)
    stage.send(one)
    stage.wait(lambda: points.reached(point) == 1, "held")
    for _ in range(2):
        tasks.issue_award.apply_async(args=(one.award_id,))
    tasks.deliver_connection.apply_async(args=(models.WalletConnection.objects.get(learner_id=one.value.id).pk,))
    stage.sweep()
    time.sleep(1)
    points.release(point)
    stage.drive(lambda: stage.delivered(one), "delivered")
    outcome = stage.check(one)
    assert outcome == "2 uploads of 2", outcome
    return f"delivered, {outcome}"


@scenario("two workers awarding at once", "award: before its row")
def two_workers_awarding(stage: Stage) -> str:
    from tests.faults import points

    one, point = stage.newcomer(), "award: before its row"
    points.arm(point, "hold", times=2)
    for pk in (ask_for_assessment(one), *([request_of(one)] * 2)):
        from microcred_xblock.issuance import tasks

        if pk:
            tasks.assess_learner.apply_async(args=(pk,))
    stage.wait(lambda: points.reached(point) == 2, "both held")
    points.release(point)
    stage.drive(partial(assessed, one), "assessed")
    take_award(one)
    return "one award"


@scenario("two requests awarding at once", "eight threads of the web")
def two_requests_awarding(stage: Stage) -> str:
    from django.db import connection
    from django.utils import timezone

    from microcred_xblock.issuance import api
    from tests.factories import make_pill, make_scores

    one, barrier, found = stage.newcomer(), threading.Barrier(8), []
    scores = make_scores(at=timezone.now())

    def ask() -> None:
        barrier.wait()
        try:
            found.append(api.record_scores(make_pill(), scores, learner_id=one.value.id, course_id="c").award_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    take_award(one)
    assert found == [one.award_id] * 8, found
    return "one award, eight times the same answer"


@scenario("every message lost", "sweep twice at once")
def swept_twice(stage: Stage) -> str:
    import redis

    from microcred_xblock.issuance import tasks

    stage.pause()
    learners = queued(stage, 3)
    redis.Redis(port=stage.broker.port).flushall()
    stage.go_on()
    for _ in range(2):
        tasks.sweep.apply_async()
    stage.wait(lambda: stage.issued(*learners), "issued")
    for _ in range(2):
        tasks.sweep.apply_async()
    stage.drive(lambda: stage.delivered(*learners), "delivered")
    outcome = stage.check(*learners)
    assert outcome == "6 uploads of 6", outcome
    return f"3 learners delivered, {outcome}"


@scenario("disk full", "export into a file", command="export", written=("awards.csv",))
@scenario("disk full", "new key of a rotation", command="rotate", written=("badge.pem",))
@scenario("disk full", "first keys", command="init", written=("badge.pem", "badge-jwt.pem", "seal.p12"))
def disk_full(stage: Stage, command: str, written: tuple[str, ...]) -> str:
    """It says so, leaves nothing half, changes nothing, and works when there is room."""
    site = stage.site_on_a_small_disk()
    if command != "init" and not site.files():
        site.run("init")
    there = site.files()
    failed = site.run(command, full=True)
    assert failed.returncode != 0, "nobody was told"
    left = site.files()
    assert left == there, f"left behind: {sorted(set(left) ^ set(there)) or 'changed files'}"
    assert "Traceback" not in failed.stderr, f"not told in words: {failed.stderr[-800:]}"
    assert (done := site.run(command)).returncode == 0, done.stderr
    now = site.files()
    assert all(now.get(name) not in (None, there.get(name)) for name in written), sorted(now)
    return f"refused in words on {site.how}, nothing half left; works with room"
