"""Wallet hosts, our registration there, learners' connections, and deliveries."""

import uuid

from django.db import models

from .awards import Award, Credential


class WalletHost(models.Model):
    """What a wallet's host says about itself, kept as long as it allows.

    .. no_pii:
    """

    wallet_id = models.CharField(max_length=40)
    base_url = models.CharField(max_length=500)
    key = models.CharField(max_length=64, unique=True, editable=False)
    description = models.JSONField()
    etag = models.CharField(max_length=200, blank=True)
    fresh_until = models.DateTimeField()
    fetched_at = models.DateTimeField()

    class Meta:
        verbose_name = "wallet host"

    def __str__(self) -> str:
        return self.wallet_id


class ClientRegistration(models.Model):
    """Our registration at a host. A host that forgot us gets a new one; connections keep the one they were made with.

    .. no_pii:
    """

    host = models.ForeignKey(WalletHost, on_delete=models.PROTECT, related_name="registrations")
    redirect_uri = models.CharField(max_length=500)
    key = models.CharField(max_length=64, editable=False)
    active = models.BooleanField(null=True, default=True)
    client_id = models.CharField(max_length=500)
    secret = models.TextField(help_text="Encrypted.")
    secret_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "client registration"
        constraints = (models.UniqueConstraint(fields=["key", "active"], name="microcred_one_active_registration"),)

    def __str__(self) -> str:
        return f"{self.host} {self.pk}"


class WalletConnection(models.Model):
    """A learner's permission to put credentials into a wallet, given there or by telling its address.

    With a registration ``tokens`` are those of OAuth; without one they say whose wallet it is (``addressing``).
    ``leased_until`` marks the worker that delivers through it: tokens are never used by two at once.

    .. pii: Encrypted access tokens for a learner's wallet account, or its address; wiped when it is disconnected.
    .. pii_types: id, external_service, email_address
    .. pii_retirement: local_api
    """

    learner_id = models.CharField(max_length=100, db_index=True)
    wallet_id = models.CharField(max_length=40)
    learner_wallet = models.CharField(max_length=64, editable=False)
    active = models.BooleanField(null=True, default=True)
    registration = models.ForeignKey(
        ClientRegistration, on_delete=models.PROTECT, null=True, related_name="connections"
    )
    tokens = models.TextField(blank=True, help_text="Encrypted.")
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True)
    connected_at = models.DateTimeField()
    disconnected_at = models.DateTimeField(null=True, blank=True)
    ended_code = models.CharField(max_length=60, blank=True)
    lease = models.CharField(max_length=32, blank=True, default="")
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "wallet connection"
        constraints = (
            models.UniqueConstraint(fields=["learner_wallet", "active"], name="microcred_one_active_connection"),
        )

    def __str__(self) -> str:
        return f"{self.wallet_id} {self.pk}"


class WalletCircuit(models.Model):
    """How a wallet's host has been answering: after some failures in a row nobody asks it for a while.

    ``slow_until``: until then it answers so slowly that it may hold one worker at most; ``lease`` is that worker's.

    .. no_pii:
    """

    place = models.CharField(max_length=64, unique=True, editable=False, help_text="Digest of host and port.")
    name = models.CharField(max_length=255, help_text="Host and port.")
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True, blank=True)
    slow_until = models.DateTimeField(null=True, blank=True)
    probe = models.CharField(max_length=32, blank=True, default="")
    probe_until = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True, default="")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "wallet circuit"

    def __str__(self) -> str:
        return self.name


class HostedAssertion(models.Model):
    """The public address of an award's Open Badge 2.0, made when it is first sent to a wallet that takes no other.

    The id is random, so nobody comes upon it who was not given it. What is served there is composed when it is asked
    for (``hosting``); nothing of it lies here.

    .. no_pii:
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="hosted_assertion")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "hosted assertion"

    def __str__(self) -> str:
        return str(self.pk)


class AuthorizationAttempt(models.Model):
    """A learner on the way to a wallet and back. Each step happens once, in one browser session, within minutes.

    .. pii: Which learner is connecting which wallet; deleted a day after it has expired.
    .. pii_types: id
    .. pii_retirement: local_api
    """

    learner_id = models.CharField(max_length=100)
    wallet_id = models.CharField(max_length=40)
    award = models.ForeignKey(Award, on_delete=models.CASCADE, null=True, related_name="+")
    registration = models.ForeignKey(ClientRegistration, on_delete=models.CASCADE, related_name="+")
    return_url = models.CharField(max_length=2000)
    ticket_digest = models.CharField(max_length=64, unique=True)
    state_digest = models.CharField(max_length=64, unique=True, null=True)
    session_digest = models.CharField(max_length=64, blank=True)
    verifier = models.TextField(blank=True, help_text="Encrypted.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "authorisation attempt"

    def __str__(self) -> str:
        return f"{self.wallet_id} {self.pk}"


class Delivery(models.Model):
    """One credential on its way into one wallet. This row is the truth; a task is only a reminder to look at it.

    .. pii: Which credential (by award) went into which wallet, and when; its address there is erased.
    .. pii_types: other
    .. pii_retirement: local_api
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        DELIVERED = "delivered", "Delivered"
        REFUSED = "refused", "Refused"
        WAITING = "waiting-retry", "Waiting for the next attempt"
        DEAD = "dead", "Given up"
        STOPPED = "stopped", "Stopped"

    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="deliveries")
    connection = models.ForeignKey(WalletConnection, on_delete=models.PROTECT, related_name="deliveries")
    state = models.CharField(max_length=15, choices=State.choices, default=State.QUEUED, db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, db_index=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_params = models.JSONField(default=dict, blank=True)
    error_class = models.CharField(max_length=20, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_there = models.BooleanField(null=True, blank=True, help_text="False: the wallet had it already.")
    location = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "delivery"
        verbose_name_plural = "deliveries"
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=["credential", "connection"], name="microcred_one_delivery"),)

    def __str__(self) -> str:
        return f"{self.credential_id} {self.state}"
