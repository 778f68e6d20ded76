"""The course shell's Django app."""

from django.apps import AppConfig


class DemoCourseConfig(AppConfig):
    """Brings the page templates and the shell's style; no models."""

    name = "microcred_xblock.workbench"
    label = "microcred_workbench"
    verbose_name = "Demo course"
