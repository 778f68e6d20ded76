"""The awarding body and its public keys."""

from __future__ import annotations

from typing import Any

from django.db import models

from .keys import pair_key


class Issuer(models.Model):
    """An awarding body that has issued here. Settings and certificate are the source; this is what they said last.

    .. no_pii:
    """

    did = models.CharField(max_length=255, unique=True)
    key = models.CharField(max_length=40, blank=True, default="", db_index=True, help_text="Its name in the settings.")
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

    Retired keys stay, and stay published: what they signed must go on verifying. Only a key that others may have is
    withdrawn: it is published no longer, and what it signed no longer verifies.

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
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is published no longer.")

    class Meta:
        verbose_name = "signing key"
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} ({self.algorithm})"


class IssuerAssignment(models.Model):
    """Which issuer awards where: a course's beats its organisation's, which beats its site's.

    .. no_pii:
    """

    class Scope(models.TextChoices):
        SITE = "site", "Site"
        ORGANISATION = "organisation", "Organisation"
        COURSE = "course", "Course"

    scope = models.CharField(max_length=15, choices=Scope.choices)
    value = models.CharField(max_length=255, help_text="The site's host name, the organisation, or the course's id.")
    issuer_key = models.CharField(max_length=40, help_text="The issuer's name in the settings.")
    unique_key = models.CharField(max_length=64, unique=True, editable=False)

    class Meta:
        verbose_name = "issuer of a course, organisation or site"
        verbose_name_plural = "issuers of courses, organisations and sites"
        ordering = ("scope", "value")

    def __str__(self) -> str:
        return f"{self.scope} {self.value}: {self.issuer_key}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the unique column true: databases differ in whether ``a`` equals ``A``, courses do not."""
        self.unique_key = pair_key(self.scope, self.value)
        super().save(*args, **kwargs)


class KeyUse(models.Model):
    """A line of the audit of signing keys: what was signed, with which key, when. Never changed.

    .. no_pii:
    """

    key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, related_name="uses")
    purpose = models.CharField(max_length=20, help_text="A credential's format, or status-list.")
    subject = models.CharField(max_length=255, help_text="The id of what was signed.", db_index=True)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the signed bytes.")
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "use of a key"
        verbose_name_plural = "uses of keys"

    def __str__(self) -> str:
        return f"{self.purpose} {self.subject}"
