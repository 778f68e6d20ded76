"""Offers that a wallet collects, and the credentials it is given, bound to the key that it proved."""

from django.db import models

from ...domain.credential import BoundForm
from .awards import Award


class WalletOffer(models.Model):
    """A learner's offer of one award to whatever wallet has its secret: for minutes, and once.

    Only digests of the secrets are kept. ``redeemed_at``: the secret was used up and cannot be used again;
    ``token_digest`` then lets the same wallet go on until ``token_expires_at``. ``ended_at``: no wallet gets anything
    by it any more. Deleted a day after it has expired.

    .. pii: Which award (so whose) was offered to a wallet, and when.
    .. pii_types: other
    .. pii_retirement: local_api
    """

    class Channel(models.TextChoices):
        OPENID4VCI = "openid4vci", "OpenID4VCI"
        VC_API = "vc-api", "VC-API"

    award = models.ForeignKey(Award, on_delete=models.CASCADE, related_name="offers")
    channel = models.CharField(max_length=12, choices=Channel.choices)
    secret_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    tx_code_digest = models.CharField(max_length=64, blank=True, default="")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Wrong transaction codes so far.")
    redeemed_at = models.DateTimeField(null=True, blank=True)
    token_digest = models.CharField(max_length=64, unique=True, null=True, blank=True)
    token_expires_at = models.DateTimeField(null=True, blank=True)
    collected_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        verbose_name = "wallet offer"
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.channel} {self.pk}"


class BoundCredential(models.Model):
    """One form of an award, issued to a key that its holder has proved: once for each award, form and holder.

    ``binding`` is a digest of the holder's DID. The bytes never change; a wallet that asks again gets the same.
    Retirement empties the bytes and keeps id and digest, so that verification goes on.

    .. pii: The signed credential: the DID of a learner's wallet, the salted e-mail hash or the name, and results.
    .. pii_types: name, email_address, other
    .. pii_retirement: local_api
    """

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="bound")
    form = models.CharField(max_length=20, choices=[(item.value, item.value) for item in BoundForm])
    binding = models.CharField(max_length=64)
    credential_id = models.CharField(max_length=100, db_index=True)
    content = models.BinaryField(blank=True, default=b"")
    media_type = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the signed bytes.")
    issued_at = models.DateTimeField()

    class Meta:
        verbose_name = "bound credential"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=["award", "form", "binding"], name="microcred_one_bound_credential"),
        )

    def __str__(self) -> str:
        return f"{self.form} {self.credential_id}"


class SpentValue(models.Model):
    """A value that a wallet may use once (a nonce, a transaction id), and has used. Forgotten a day after it expired.

    A row, because only a unique index says the same to all workers at once; a cache may drop what it was told.

    .. no_pii:
    """

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "spent value"

    def __str__(self) -> str:
        return self.digest[:8]
