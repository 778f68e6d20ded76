"""The story of each award for the admin: read-only, without personal documents and without secrets."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from . import models


class ReadOnly:
    """Rows are changed by services alone."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class CredentialInline(ReadOnly, admin.TabularInline):
    """What was issued for an award."""

    model = models.Credential
    fields = readonly_fields = (
        "format", "credential_id", "state", "valid_from", "signed_at", "digest", "attempts", "next_attempt_at",
        "error_code", "error_params",
    )
    extra = 0

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without the documents: they are long and personal."""
        return super().get_queryset(request).defer("content", "document", "salt")


class ConsentInline(ReadOnly, admin.TabularInline):
    """The consent ledger of an award."""

    model = models.Consent
    fields = readonly_fields = ("purpose", "recipient", "formats", "payload_digest", "given_at", "withdrawn_at")
    extra = 0


@admin.register(models.Award)
class AwardAdmin(ReadOnly, admin.ModelAdmin):
    """Who was awarded what, why, and what became of it."""

    list_display = ("pill", "learner_id", "course_id", "awarded_at")
    list_select_related = ("pill",)
    search_fields = ("=id", "=learner_id", "=course_id", "=credentials__credential_id")
    date_hierarchy = "awarded_at"
    fields = ("id", "pill", "learner_id", "course_id", "awarded_at", "active", "results")
    inlines = (CredentialInline, ConsentInline)
    show_full_result_count = False


@admin.register(models.Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin):
    """Every way of a credential into a wallet, with its last error."""

    list_display = ("wallet", "credential_format", "state", "attempts", "next_attempt_at", "error_code", "delivered_at")
    list_filter = ("state", "connection__wallet_id", "error_code")
    list_select_related = ("connection", "credential")
    search_fields = ("=credential__credential_id", "=connection__learner_id")
    fields = (
        "award", "credential_format", "wallet", "state", "attempts", "created_at", "next_attempt_at", "delivered_at",
        "created_there", "location", "error_code", "error_params",
    )
    readonly_fields = ("award", "credential_format", "wallet")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without documents and tokens."""
        rows = super().get_queryset(request)
        return rows.defer("credential__content", "credential__document", "connection__tokens")

    @admin.display(description="wallet", ordering="connection__wallet_id")
    def wallet(self, row: models.Delivery) -> str:
        """Where to."""
        return row.connection.wallet_id

    @admin.display(description="format", ordering="credential__format")
    def credential_format(self, row: models.Delivery) -> str:
        """In which form."""
        return row.credential.format

    @admin.display(description="award")
    def award(self, row: models.Delivery) -> str:
        """Of which award."""
        return str(row.credential.award_id)


@admin.register(models.WalletConnection)
class WalletConnectionAdmin(ReadOnly, admin.ModelAdmin):
    """Which learners connected which wallets; the tokens are not shown, not even encrypted."""

    list_display = ("wallet_id", "learner_id", "connected_at", "disconnected_at", "ended_code")
    list_filter = ("wallet_id",)
    search_fields = ("=learner_id",)
    fields = ("wallet_id", "learner_id", "scopes", "expires_at", "connected_at", "disconnected_at", "ended_code")
    show_full_result_count = False


class SigningKeyInline(ReadOnly, admin.TabularInline):
    """Public keys; retired ones stay published."""

    model = models.SigningKey
    fields = readonly_fields = ("purpose", "algorithm", "method_id", "reference", "created_at", "retired_at")
    extra = 0


@admin.register(models.Issuer)
class IssuerAdmin(ReadOnly, admin.ModelAdmin):
    """The awarding body as it was last recorded."""

    list_display = ("name", "did", "legal_identifier", "updated_at")
    fields = (
        "did", "name", "legal_name", "legal_identifier", "country", "url", "email", "address", "created_at",
        "updated_at",
    )
    inlines = (SigningKeyInline,)


@admin.register(models.AssessmentRequest)
class AssessmentRequestAdmin(ReadOnly, admin.ModelAdmin):
    """Learners whose scores have changed and who are not assessed yet: normally none for longer than seconds."""

    list_display = ("pill_id", "learner_id", "due_at", "attempts", "error_code")
    list_filter = ("error_code",)
    search_fields = ("=learner_id", "=pill_id")
    fields = ("pill_id", "learner_id", "due_at", "attempts", "error_code")
    show_full_result_count = False


@admin.register(models.IndexRequest)
class IndexRequestAdmin(ReadOnly, admin.ModelAdmin):
    """Courses that were published and whose pills are not read yet."""

    list_display = ("course_id", "due_at", "attempts", "error_code")
    list_filter = ("error_code",)
    search_fields = ("=course_id",)
    fields = ("course_id", "due_at", "attempts", "error_code", "leased_until")
    show_full_result_count = False
