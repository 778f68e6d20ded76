"""A site that has nothing but this app."""

from django.urls import include, path

urlpatterns = [path("", include("microcred_xblock.issuance.urls"))]
