"""The app's URLs alone."""

from django.urls import include, path

urlpatterns = [path("", include("microcred_xblock.issuance.urls"))]
