"""The awarding body and its public keys."""

from django.db import models


class Issuer(models.Model):
    """An awarding body that has issued here. Settings and certificate are the source; this is what they said last.

    .. no_pii:
    """

    did = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=500)
    legal_name = models.CharField(max_length=500)
    legal_identifier = models.CharField(max_length=500)
    country = models.CharField(max_length=3)
    url = models.CharField(max_length=2000)
    email = models.CharField(max_length=500, blank=True)
    address = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "issuer"

    def __str__(self) -> str:
        return self.name


class SigningKey(models.Model):
    """A public key of an issuer; the private half is in a file named by ``reference`` and never here.

    Retired keys stay, and stay published: what they signed must go on verifying.

    .. no_pii:
    """

    class Purpose(models.TextChoices):
        BADGE = "badge", "Open Badge proof"
        BADGE_JWT = "badge-jwt", "Open Badge as JWT"
        SEAL = "seal", "ELM seal"

    issuer = models.ForeignKey(Issuer, on_delete=models.PROTECT, related_name="keys")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    algorithm = models.CharField(max_length=20)
    method_id = models.CharField(max_length=500, help_text="The verification method: the DID and the key's name.")
    fingerprint = models.CharField(max_length=64, unique=True)
    public_jwk = models.JSONField()
    reference = models.CharField(max_length=255, help_text="Name of the file that holds the private key.")
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "signing key"
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} ({self.algorithm})"
