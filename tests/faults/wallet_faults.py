"""Wallets that are slow, busy, broken or dead."""

from __future__ import annotations

import time
from typing import Any

from tests.faults.common import pill_of, ready, scenario
from tests.faults.stage import Stage
from tests.wallets.host import Reply


def hang_up(_handler: Any) -> None:
    """Close the connection without a word."""


def too_late(_handler: Any) -> None:
    """Longer than anybody waits."""
    time.sleep(1.5)


def cut(handler: Any) -> None:
    """Half an answer."""
    handler.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n{")


def drip(handler: Any) -> None:
    """One byte now and then: never silent for long, never done."""
    handler.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(15):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


@scenario("wallet: cut answer", "deliver", reply=cut)
@scenario("wallet: hangs up", "deliver", reply=hang_up)
@scenario("wallet: drips", "deliver", reply=drip)
@scenario("wallet: time-out", "deliver", reply=too_late)
@scenario("wallet: garbage", "deliver", reply=Reply(502, b"<html>\x00\xff", media_type="text/html"))
@scenario("wallet: 500", "deliver", reply=Reply(500, b""))
@scenario("wallet: 503", "deliver", reply=Reply(503, b"", {"Retry-After": "1"}))
@scenario("wallet: 429", "deliver", reply=Reply(429, b""))
def wallet_fails(stage: Stage, reply: Any) -> str:
    one = ready(stage)
    host = stage.hosts["good"]
    host.misbehave("/credentials", reply, times=2)
    host.misbehave("/elm", reply)
    stage.send(one)
    stage.drive(lambda: stage.delivered(one), "delivered")
    return f"delivered, {stage.check(one)}"


@scenario("wallet: 429 with Retry-After", "deliver")
def retry_after(stage: Stage) -> str:
    one = ready(stage)
    host = stage.hosts["good"]
    times: list[float] = []

    def busy(handler: Any) -> Reply:
        times.append(time.monotonic())
        return Reply(429, b"", {"Retry-After": "4"})

    def note(handler: Any) -> Reply:
        times.append(time.monotonic())
        return host.answer(host.requests[-1])

    host.misbehave("/credentials", busy)
    host.misbehave("/credentials", note)
    stage.send(one)
    stage.drive(lambda: stage.delivered(one), "delivered")
    assert times[1] - times[0] >= 4, f"asked again after {times[1] - times[0]:.1f} s"
    return f"not asked again before, delivered, {stage.check(one)}"


@scenario("wallet: time-out after it has stored", "deliver")
def stored_but_too_late(stage: Stage) -> str:
    one = ready(stage)
    host = stage.hosts["good"]

    def store(_handler: Any) -> None:
        host.answer(host.requests[-1])
        time.sleep(1.5)

    host.misbehave("/credentials", store)
    stage.send(one)
    stage.drive(lambda: stage.delivered(one), "delivered")
    return f"delivered once under its id, {stage.check(one)}"


@scenario("wallet: garbage for a token", "refresh", reply=Reply(200, b"\xff\x00"))
@scenario("wallet: 500 for a token", "refresh", reply=Reply(500, b""))
def token_fails(stage: Stage, reply: Any) -> str:
    from django.utils import timezone

    from microcred_xblock.issuance import models

    one = ready(stage)
    models.WalletConnection.objects.filter(learner_id=one.value.id).update(expires_at=timezone.now())
    stage.hosts["good"].misbehave("/token", reply)
    stage.send(one)
    stage.drive(lambda: stage.delivered(one), "delivered")
    return f"delivered, {stage.check(one)}"


@scenario("wallet: dead for good", "deliver")
def dead_wallet(stage: Stage) -> str:
    """Given up with a reason; the learner's or staff's retry brings it there."""
    from microcred_xblock.issuance import api, models

    one = ready(stage, "slow")
    host = stage.hosts["slow"]
    for path in ("/credentials", "/elm"):
        host.misbehave(path, Reply(500, b""), times=500)
    stage.send(one)
    rows = models.Delivery.objects.filter(credential__award_id=one.award_id)
    given_up = rows.filter(state__in=("dead", "waiting-retry"), next_attempt_at=None).exclude(error_code="")
    stage.drive(lambda: given_up.count() == 2, "given up", patience=60)
    attempts = max(rows.values_list("attempts", flat=True))
    assert api.panel(one.value.id, pill_of(one)).deliveries, "the learner is not told"
    stage.rest()
    api.retry(one.award_id, one.value.id, "slow")
    stage.drive(lambda: stage.delivered(one), "delivered")
    return f"given up after {attempts} attempts with a reason, retried, {stage.check(one)}"


@scenario("wallet: slow", "another learner's delivery")
def slow_wallet(stage: Stage) -> str:
    """Eight learners at a slow wallet, then one at a good one, who does not wait for them."""
    slow = [ready(stage, "slow") for _ in range(8)]
    good = ready(stage)
    host = stage.hosts["slow"]

    def slowly(_handler: Any) -> Reply:
        request = host.requests[-1]
        time.sleep(0.6)
        return host.answer(request)

    host.misbehave("/credentials", slowly, times=100)
    host.misbehave("/elm", slowly, times=100)
    for one in slow:
        stage.send(one)
    stage.send(good)
    stage.drive(lambda: stage.delivered(good), "delivered")
    done = sum(stage.delivered(one) for one in slow)
    host.behave()
    stage.drive(lambda: stage.delivered(*slow), "delivered")
    outcome = stage.check(good, *slow)
    assert done <= 4, f"{done} of 8 at the slow wallet came first"
    return f"{done} of 8 at the slow wallet came first, all delivered, {outcome}"
