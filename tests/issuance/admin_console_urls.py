"""URLs with Django's admin and the app's own, as in the LMS."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("", include("microcred_xblock.issuance.urls"))]
