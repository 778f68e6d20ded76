"""The story of each award for the admin: read-only, without personal documents and without secrets."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from . import admin_issuers, admin_recognition, admin_skills, models  # noqa: F401  (register pages of their own)
from .admin_rows import ReadOnly


def console_link(name: str, pk: Any) -> str:
    """The way to the console; Studio's admin has the rows but not the console."""
    try:
        return format_html('<a href="{}">{}</a>', reverse(name, args=[pk]), "Open in the console")
    except NoReverseMatch:
        return "–"


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


class StatusChangeInline(ReadOnly, admin.TabularInline):
    """The history of an award."""

    model = models.StatusChange
    fields = readonly_fields = ("at", "action", "reason", "note", "actor")
    extra = 0


class RegradeInline(ReadOnly, admin.TabularInline):
    """Changes of scores after the award."""

    model = models.Regrade
    fields = readonly_fields = ("opened_at", "policy", "mastered", "due_at", "outcome", "closed_at", "error_code")
    extra = 0


class NoticeInline(ReadOnly, admin.TabularInline):
    """What the learner was told."""

    model = models.Notice
    fields = readonly_fields = ("created_at", "kind", "state", "sent_at", "attempts", "error_code")
    extra = 0


@admin.register(models.Award)
class AwardAdmin(ReadOnly, admin.ModelAdmin):
    """Who was awarded what, why, and what became of it."""

    list_display = ("pill", "learner_id", "course_id", "status", "awarded_at")
    list_filter = ("status",)
    list_select_related = ("pill",)
    search_fields = ("=id", "=learner_id", "=course_id", "=credentials__credential_id")
    date_hierarchy = "awarded_at"
    fields = (
        "console", "id", "pill", "learner_id", "course_id", "issuer_key", "awarded_at", "expires_at", "status",
        "status_at", "regain", "supersedes", "active", "retired_at", "results",
    )
    readonly_fields = ("console",)
    inlines = (CredentialInline, ConsentInline, StatusChangeInline, RegradeInline, NoticeInline)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without the content of pills, which may hold pictures."""
        return super().get_queryset(request).defer("pill__content")

    @admin.display(description="console")
    def console(self, row: models.Award) -> str:
        """The whole story, and what can be done."""
        return console_link("microcred:console-award", row.pk)


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
    """Public keys; retired ones stay published, withdrawn ones do not."""

    model = models.SigningKey
    fields = readonly_fields = (
        "purpose", "algorithm", "method_id", "reference", "created_at", "retired_at", "withdrawn_at",
    )
    extra = 0


@admin.register(models.Issuer)
class IssuerAdmin(ReadOnly, admin.ModelAdmin):
    """The awarding body as it was last recorded."""

    list_display = ("name", "key", "did", "legal_identifier", "updated_at")
    fields = (
        "key", "did", "name", "legal_name", "legal_identifier", "country", "url", "email", "address", "created_at",
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


@admin.register(models.StatusChange)
class StatusChangeAdmin(ReadOnly, admin.ModelAdmin):
    """Who suspended, revoked or reinstated what, when and why."""

    list_display = ("at", "action", "reason", "actor", "award_id")
    list_filter = ("action", "reason")
    search_fields = ("=award__id", "=actor")
    fields = ("award_id", "at", "action", "reason", "note", "actor")
    readonly_fields = ("award_id",)
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(models.StatusList)
class StatusListAdmin(ReadOnly, admin.ModelAdmin):
    """The lists, and how full they are."""

    list_display = ("id", "issuer_key", "size", "allocated", "open", "created_at")
    list_filter = ("open",)
    fields = ("id", "issuer_key", "size", "allocated", "open", "created_at")
    show_full_result_count = False


@admin.register(models.StatusListCredential)
class StatusListCredentialAdmin(ReadOnly, admin.ModelAdmin):
    """Each list as it was last signed; ``changed`` beyond ``signed`` waits for the next signature."""

    list_display = ("list_id", "purpose", "changed", "signed", "signed_at", "valid_until")
    list_filter = ("purpose",)
    fields = ("list_id", "purpose", "changed", "signed", "etag", "signed_at", "valid_until")
    readonly_fields = ("list_id",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without the signed bytes, which are long."""
        return super().get_queryset(request).defer("content")


@admin.register(models.Regrade)
class RegradeAdmin(ReadOnly, admin.ModelAdmin):
    """Awards whose scores changed, and what becomes of them when."""

    list_display = ("opened_at", "award_id", "policy", "mastered", "due_at", "outcome", "error_code")
    list_filter = ("outcome", "policy")
    search_fields = ("=award__id",)
    fields = (
        "award_id", "policy", "mastered", "opened_at", "due_at", "outcome", "closed_at", "attempts", "error_code",
    )
    readonly_fields = ("award_id",)
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(models.Notice)
class NoticeAdmin(ReadOnly, admin.ModelAdmin):
    """What learners were told, and what could not be sent."""

    list_display = ("created_at", "award_id", "kind", "state", "attempts", "next_attempt_at", "error_code")
    list_filter = ("state", "kind")
    search_fields = ("=award__id",)
    fields = (
        "award_id", "kind", "state", "created_at", "sent_at", "dismissed_at", "attempts", "next_attempt_at",
        "error_code", "error_class",
    )
    readonly_fields = ("award_id",)
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(models.KeyUse)
class KeyUseAdmin(ReadOnly, admin.ModelAdmin):
    """The audit of the signing keys."""

    list_display = ("at", "purpose", "subject", "key")
    list_filter = ("purpose",)
    list_select_related = ("key",)
    search_fields = ("=subject", "=digest")
    fields = ("at", "purpose", "subject", "digest", "key")
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(models.WalletCircuit)
class WalletCircuitAdmin(ReadOnly, admin.ModelAdmin):
    """Hosts of wallets that do not answer, or slowly."""

    list_display = ("name", "failures", "open_until", "slow_until", "error_code", "changed_at")
    fields = ("name", "failures", "open_until", "slow_until", "error_code", "changed_at")
    show_full_result_count = False


@admin.register(models.BulkJob)
class BulkJobAdmin(ReadOnly, admin.ModelAdmin):
    """Actions on many awards."""

    list_display = ("created_at", "action", "state", "done", "total", "failed", "actor")
    list_filter = ("state", "action")
    fields = (
        "console", "action", "state", "actor", "scope", "filters", "params", "total", "done", "changed", "failed",
        "error_code", "created_at", "finished_at",
    )
    readonly_fields = ("console",)
    ordering = ("-created_at",)
    show_full_result_count = False

    @admin.display(description="console")
    def console(self, row: models.BulkJob) -> str:
        """How far it is, and the way to stop it."""
        return console_link("microcred:console-job", row.pk)
