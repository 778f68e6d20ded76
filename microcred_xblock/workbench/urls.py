"""Addresses of the course server: the issuance app's, our index, and the workbench's own."""

from django.urls import include, path
from workbench.urls import urlpatterns as workbench_patterns

from . import shell

urlpatterns = [
    path("", include("microcred_xblock.issuance.urls")),
    path("", shell.index),
    path("language/", include("django.conf.urls.i18n")),
    *workbench_patterns,
]
