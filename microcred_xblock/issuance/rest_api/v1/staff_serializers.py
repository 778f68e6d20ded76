"""What staff are answered and may send."""

from __future__ import annotations

from rest_framework import serializers as s

from ... import bulk, models, outbox, staff, staff_actions, staff_story
from .described import described
from .serializers import page_of


class Form(s.Serializer):
    """How far one form of an award is."""

    id = s.CharField(source="credential_id")
    format = s.CharField()
    state = s.CharField()
    code = s.CharField(source="error_code", allow_blank=True)


Line = described(staff.Line, prefix="Staff", credentials=Form(many=True))
LinePage = page_of(Line)
Story = described(staff_story.Story, prefix="Staff")
QueueFacts = described(outbox.QueueFacts)


class Filters(s.Serializer):
    """Which awards. Dates are ``YYYY-MM-DD``; ``learner`` is a number, user name or address; empty filters nothing."""

    course = s.CharField(required=False, allow_blank=True, max_length=500)
    pill = s.CharField(required=False, allow_blank=True, max_length=500)
    state = s.ChoiceField(required=False, allow_blank=True, choices=staff.STATES)
    wallet = s.CharField(required=False, allow_blank=True, max_length=500)
    learner = s.CharField(required=False, allow_blank=True, max_length=500)
    issuer = s.CharField(required=False, allow_blank=True, max_length=500)
    since = s.DateField(required=False)
    until = s.DateField(required=False)


class Act(s.Serializer):
    """Why. ``seen`` is the award's ``version`` as it was read: if somebody was faster, nothing is done (409)."""

    reason = s.CharField(required=False, allow_blank=True, default="", max_length=40)
    note = s.CharField(required=False, allow_blank=True, default="", max_length=staff_actions.NOTE)
    regain = s.ChoiceField(
        required=False, choices=models.Award.Regain.values, default=models.Award.Regain.ANEW.value,
        help_text="For `revoke`: under which condition the pill can be earned again.",
    )
    seen = s.CharField(required=False, max_length=100)


class Acted(s.Serializer):
    """What was done: for `retry` how many rows are tried again, else 1."""

    changed = s.IntegerField()


class StartJob(s.Serializer):
    """One action on every award that fits."""

    action = s.ChoiceField(choices=bulk.ACTIONS)
    filters = Filters(required=False)
    reason = s.CharField(required=False, allow_blank=True, default="", max_length=40)
    note = s.CharField(required=False, allow_blank=True, default="", max_length=staff_actions.NOTE)


class Job(s.Serializer):
    """Work on many awards, and how far it is."""

    id = s.UUIDField()
    action = s.CharField()
    filters = s.DictField(child=s.CharField())
    state = s.ChoiceField(choices=models.BulkJob.State.values)
    total = s.IntegerField()
    done = s.IntegerField()
    changed = s.IntegerField()
    failed = s.IntegerField()
    code = s.CharField(source="error_code", allow_blank=True)
    created_at = s.DateTimeField()
    finished_at = s.DateTimeField(allow_null=True)
