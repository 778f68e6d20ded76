"""Workers that are killed, frozen or overtaken, at every step."""

from __future__ import annotations

import time
from functools import partial

from tests.faults.common import ask_for_assessment, assessed, queued, ready, scenario, take_award
from tests.faults.stage import Stage
from tests.wallets.host import Reply, status_info

KILL = "kill -9 a worker"


@scenario(KILL, "award: committed, request not done", point="award: committed, request not done")
@scenario(KILL, "award: row written, not committed", point="award: row written, not committed")
@scenario(KILL, "award: before its row", point="award: before its row")
@scenario(KILL, "assess: before the scores are read", point="assess: before the scores are read")
def killed_while_awarding(stage: Stage, point: str) -> str:
    from tests.faults import points

    one = stage.newcomer()
    points.arm(point)
    ask_for_assessment(one)
    stage.drive(partial(assessed, one), "assessed")
    assert points.reached(point) == 1, "nobody was killed"
    take_award(one)
    stage.consent(one)
    stage.drive(lambda: stage.issued(one), "issued")
    stage.check(one, wallet_has=0)
    return "one award, issued"


@scenario(KILL, "sign: stored, not committed", point="sign: stored, not committed")
@scenario(KILL, "sign: signed, not stored", point="sign: signed, not stored")
@scenario(KILL, "sign: before the ELM seal", point="sign: before the ELM seal")
@scenario(KILL, "sign: before the badge's proof", point="sign: before the badge's proof")
@scenario(KILL, "between sign and deliver: not handed over", point="enqueue: deliver_connection")
def killed_while_signing(stage: Stage, point: str) -> str:
    from tests.faults import points

    one = stage.learner()
    stage.connect(one)
    points.arm(point)
    stage.consent(one)
    stage.send(one)
    stage.drive(lambda: stage.delivered(one), "delivered")
    assert points.reached(point) == 1, "nobody was killed"
    return f"delivered, {stage.check(one)}"


@scenario(KILL, "deliver: delivered, lease not given back", point="deliver: delivered, lease not given back")
@scenario(KILL, "deliver: the wallet's yes not stored", point="deliver: the wallet's yes not stored")
@scenario(KILL, "deliver: answer arrived", point="deliver: request answered")
@scenario(KILL, "deliver: before the request", point="deliver: request")
def killed_while_delivering(stage: Stage, point: str) -> str:
    from tests.faults import points

    one = ready(stage)
    points.arm(point)
    stage.send(one)
    stage.drive(lambda: stage.delivered(one), "delivered")
    assert points.reached(point) == 1, "nobody was killed"
    return f"delivered, {stage.check(one)}"


@scenario(KILL, "refresh: new token stored", point="refresh: new token stored", lost=False)
@scenario(KILL, "refresh: new token answered, not stored", point="refresh: request answered", lost=True)
@scenario(KILL, "refresh: before the request", point="refresh: request", lost=False)
def killed_while_refreshing(stage: Stage, point: str, lost: bool) -> str:
    """A refresh token that the wallet has rotated and nobody stored is gone: only the learner can connect anew."""
    from django.utils import timezone

    from microcred_xblock.issuance import models
    from tests.faults import points

    one = ready(stage)
    models.WalletConnection.objects.filter(learner_id=one.value.id).update(expires_at=timezone.now())
    points.arm(point)
    stage.send(one)
    ended = models.WalletConnection.objects.filter(learner_id=one.value.id, ended_code="wallet-reconnect")
    stage.drive(lambda: stage.delivered(one) or ended.exists(), "delivered or asked to reconnect")
    assert points.reached(point) == 1, "nobody was killed"
    assert ended.exists() == lost
    if lost:
        assert stage.hosts["good"].stored.get(one.ids["ob3"]) is None
        stage.connect(one)
        stage.send(one)
        stage.drive(lambda: stage.delivered(one), "delivered")
    return ("learner asked to reconnect, then delivered, " if lost else "delivered, ") + stage.check(one)


@scenario(KILL, "a whole worker with what it has fetched")
def whole_worker_killed(stage: Stage) -> str:
    stage.pause()
    learners = queued(stage, 4)
    stage.go_on()
    victim = stage.workers[0]
    victim.kill()
    victim.start()
    stage.drive(lambda: stage.delivered(*learners), "delivered")
    victim.await_ready()
    return f"4 learners delivered, {stage.check(*learners)}"


@scenario(KILL, "bulk retry: an award done, not committed")
def killed_in_a_bulk_job(stage: Stage) -> str:
    from datetime import timedelta

    from django.utils import timezone

    from microcred_xblock.issuance import bulk, models, staff
    from tests.faults import points

    course, point = "course-v1:MiCRET+BULK+2026", "bulk: an award and the cursor, not committed"
    learners = [stage.learner(course=course) for _ in range(4)]
    for one in learners:
        stage.connect(one)
        stage.consent(one)
    stage.drive(lambda: stage.issued(*learners), "issued")
    host = stage.hosts["good"]
    for path in ("/credentials", "/elm"):
        host.misbehave(path, Reply(400, status_info("invalid_data")), times=4)
    for one in learners:
        stage.send(one)
    refused = models.Delivery.objects.filter(credential__award__course_id=course, state="refused")
    stage.drive(lambda: refused.count() == 8, "refused")
    models.Award.objects.filter(course_id=course).update(created_at=timezone.now() - timedelta(hours=1))
    points.arm(point)
    scope = staff.Scope(courses=None, actor="command")
    job = bulk.start(scope, "retry", staff.Filters(course=course), now=timezone.now() - timedelta(minutes=1))
    jobs = models.BulkJob.objects.filter(pk=job.pk)
    stage.drive(lambda: jobs.filter(state="done").exists() and stage.delivered(*learners), "done")
    assert points.reached(point) == 1, "nobody was killed"
    job = jobs.get()
    assert (job.done, job.total, job.changed, job.failed) == (4, 4, 4, 0), (job.done, job.total, job.changed)
    return f"4 of 4 retried, each once, {stage.check(*learners)}"


@scenario("revoked by staff", "deliver: before the request", point="deliver: request", had=False)
@scenario("revoked by staff", "deliver: answer arrived", point="deliver: request answered", had=True)
def revoked_while_delivering(stage: Stage, point: str, had: bool) -> str:
    """What is under way may still arrive; then the row says so, and the status says that it does not count."""
    from django.utils import timezone

    from microcred_xblock.issuance import models, status
    from tests.faults import points

    one = ready(stage)
    points.arm(point, "hold")
    stage.send(one)
    stage.wait(lambda: points.reached(point) == 1, "held")
    award = models.Award.objects.get(pk=one.award_id)
    status.revoke(award, reason="integrity", actor="user:1", now=timezone.now())
    points.release(point)
    rows = models.Delivery.objects.filter(credential__award=award)
    stage.drive(lambda: not rows.exclude(state__in=("delivered", "stopped")).exists(), "delivered or stopped")
    time.sleep(0.5)
    said = set(rows.filter(state="delivered").values_list("credential__credential_id", flat=True))
    assert said == set(stage.held(one)), "our rows and the wallet differ"
    assert said or not had
    assert status.standing(one.ids["ob3"], now=timezone.now()).state == "revoked"
    return f"{len(said)} of 2 arrived and the rows say so, the other stopped, standing revoked"


@scenario("worker frozen", "deliver: longer than its lease")
def frozen_longer_than_its_lease(stage: Stage) -> str:
    """The other worker takes over; the first wakes up and sends the same bytes under the same id."""
    from tests.faults import points

    one = ready(stage)
    points.arm("deliver: request", "hold")
    stage.send(one)
    stage.wait(lambda: points.reached("deliver: request") == 1, "held")
    stage.drive(lambda: stage.delivered(one), "delivered by the other worker")
    points.release("deliver: request")
    time.sleep(1)
    return f"delivered, {stage.check(one)}"
