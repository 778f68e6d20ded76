"""What the tests of deliveries share."""

from datetime import timedelta

from django.utils import timezone

from microcred_xblock.issuance import api, models, outbox
from tests.factories import make_pill


def panel(learner):
    return api.panel(learner.id, make_pill().id)


def states(shown):
    return {delivery.format.value: delivery.state for delivery in shown.deliveries}


def later(**delta):
    return timezone.now() + timedelta(**delta)


def upserts(host):
    return [*host.received("/credentials"), *host.received("/elm")]


def sweep_in(commits, **delta):
    """What the sweeper finds after a while; waiting times are brought forward instead of waited for."""
    shift = timedelta(**delta)
    for row in models.Delivery.objects.exclude(next_attempt_at=None):
        models.Delivery.objects.filter(pk=row.pk).update(next_attempt_at=row.next_attempt_at - shift)
    for row in models.WalletCircuit.objects.exclude(open_until=None):
        models.WalletCircuit.objects.filter(pk=row.pk).update(open_until=row.open_until - shift)
    for row in models.WalletConnection.objects.exclude(leased_until=None):
        models.WalletConnection.objects.filter(pk=row.pk).update(leased_until=row.leased_until - shift)
    with commits():
        outbox.sweep(timezone.now())
