"""Addresses of version 1, below ``/microcred/api/v1/``."""

from django.urls import path, re_path

from . import base, learner, public, staff_views

app_name = "api-v1"

urlpatterns = [
    path("openapi.json", public.Description.as_view(), name="openapi"),
    path("me/awards/", learner.Awards.as_view(), name="me-awards"),
    path("me/awards/<uuid:award_id>/", learner.Award.as_view(), name="me-award"),
    path("me/awards/<uuid:award_id>/credentials/", learner.Credentials.as_view(), name="me-credentials"),
    path("me/awards/<uuid:award_id>/credentials/<str:kind>/", learner.Download.as_view(), name="me-download"),
    path("me/awards/<uuid:award_id>/publish/", learner.Publication.as_view(), name="me-publish"),
    path("me/consents/", learner.Consents.as_view(), name="me-consents"),
    path("me/consents/<int:consent_id>/withdraw/", learner.Withdrawal.as_view(), name="me-withdraw"),
    path("me/notices/", learner.Notices.as_view(), name="me-notices"),
    path("me/notices/<int:notice_id>/dismiss/", learner.Dismissal.as_view(), name="me-dismiss"),
    path("me/export/", learner.Export.as_view(), name="me-export"),
    path("awards/", staff_views.Awards.as_view(), name="awards"),
    path("awards/<uuid:award_id>/", staff_views.Award.as_view(), name="award"),
    path("awards/<uuid:award_id>/<slug:action>/", staff_views.Action.as_view(), name="award-action"),
    path("bulk-jobs/", staff_views.Jobs.as_view(), name="bulk-jobs"),
    path("bulk-jobs/<uuid:job_id>/", staff_views.Job.as_view(), name="bulk-job"),
    path("bulk-jobs/<uuid:job_id>/cancel/", staff_views.Cancellation.as_view(), name="bulk-cancel"),
    path("queue/", staff_views.Queue.as_view(), name="queue"),
    path("credentials/<uuid:uuid>/", public.Credential.as_view(), name="credential"),
    path("credentials/<uuid:uuid>/status/", public.Status.as_view(), name="credential-status"),
    path("achievements/<uuid:uuid>/", public.Achievement.as_view(), name="achievement"),
    path("verify/", public.Verify.as_view(), name="verify"),
    re_path(r"", base.Nothing.as_view(), name="nothing"),
]
