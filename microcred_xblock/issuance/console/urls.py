"""Addresses of the console, in the app's namespace."""

from django.urls import path

from . import jobs, views

urlpatterns = [
    path("", views.awards, name="console"),
    path("awards.csv", views.csv_export, name="console-csv"),
    path("awards/<uuid:award_id>/", views.award, name="console-award"),
    path("awards/<uuid:award_id>/<slug:action>/", views.action, name="console-action"),
    path("bulk/<slug:action>/", jobs.start, name="console-bulk"),
    path("jobs/<uuid:job_id>/", jobs.job, name="console-job"),
    path("jobs/<uuid:job_id>/progress.json", jobs.progress, name="console-progress"),
    path("jobs/<uuid:job_id>/cancel/", jobs.cancel, name="console-cancel"),
]
