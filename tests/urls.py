"""URLs of the test-suite: the workbench's and the issuance app's."""

from django.urls import include, path
from workbench.urls import urlpatterns as workbench_patterns

urlpatterns = [*workbench_patterns, path("", include("microcred_xblock.issuance.urls"))]
