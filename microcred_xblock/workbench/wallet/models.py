"""What the wallet keeps. Secrets, codes and tokens are stored as SHA-256 digests only."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.db import models


def digest(secret: str) -> str:
    """The stored form of a random secret. Secrets here have 256 bits of entropy, so no slow hash is needed."""
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()


class Client(models.Model):
    """An application registered through RFC 7591.

    .. no_pii:
    """

    client_id = models.CharField(max_length=64, unique=True)
    secret_digest = models.CharField(max_length=64)
    metadata = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    @property
    def name(self) -> str:
        """The name the application gave itself; unproved, shown as such."""
        return self.metadata["client_name"]

    @property
    def scopes(self) -> list[str]:
        """The scopes it may ask for."""
        return self.metadata["scope"].split()


class Grant(models.Model):
    """One approval by one person for one application: the family of a code and all tokens that follow from it.

    .. pii: Links an account to the applications it trusts.
    .. pii_types: other
    .. pii_retirement: local_api
    """

    client = models.ForeignKey(Client, on_delete=models.CASCADE)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    scope = models.TextField()
    redirect_uri = models.TextField()
    code_digest = models.CharField(max_length=64, unique=True)
    code_challenge = models.CharField(max_length=128)
    code_expires_at = models.DateTimeField()
    code_used = models.BooleanField(default=False)
    revoked = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)


class Token(models.Model):
    """An access token or a refresh token of a grant.

    .. no_pii:
    """

    class Kind(models.TextChoices):
        """What the token is for."""

        ACCESS = "access"
        REFRESH = "refresh"

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="tokens")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    token_digest = models.CharField(max_length=64, unique=True)
    scope = models.TextField()
    expires_at = models.DateTimeField(null=True)
    used = models.BooleanField(default=False)


class Profile(models.Model):
    """The Open Badges Profile of an account, as ``putProfile`` left it.

    .. pii: Whatever a person or an application wrote about the person.
    .. pii_types: name, email_address, other
    .. pii_retirement: local_api
    """

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="wallet_profile")
    document = models.JSONField()


class StoredCredential(models.Model):
    """One received credential, byte for byte, and the report of its last verification.

    .. pii: A credential names its holder (ELM) or carries a hash of the holder's e-mail address (Open Badge).
    .. pii_types: name, email_address, other
    .. pii_retirement: local_api
    """

    class Form(models.TextChoices):
        """The form it came in; one credential may be kept in two proof formats side by side."""

        BADGE = "ob3"
        BADGE_JWT = "ob3-jwt"
        ELM = "elm"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="credentials")
    client = models.ForeignKey(Client, on_delete=models.SET_NULL, null=True)
    form = models.CharField(max_length=8, choices=Form.choices)
    issuer_id = models.TextField()
    credential_id = models.TextField()
    valid_from = models.DateTimeField()
    media_type = models.CharField(max_length=100)
    content = models.BinaryField()
    document = models.JSONField()
    report = models.JSONField()
    received_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["owner", "issuer_id", "credential_id", "form"], name="demo_wallet_one_per_credential"
            ),
        )
        ordering = ("-valid_from", "-pk")
