"""Addresses of the app. They start at the root of the site, because did:web fixes one of them."""

from django.urls import include, path

from . import status_views, views

app_name = "microcred"

urlpatterns = [
    path(".well-known/did.json", views.did_document, name="did"),
    path("<path:folder>/did.json", views.did_document, name="did-folder"),
    path("microcred/achievements/<uuid:uuid>", views.achievement, name="achievement"),
    path("microcred/achievements/<uuid:uuid>/assessment", views.assessment, name="assessment"),
    path("microcred/wallet/start/<str:ticket>/", views.wallet_start, name="wallet-start"),
    path("microcred/wallet/callback/<slug:wallet_id>/", views.wallet_callback, name="wallet-callback"),
    path("microcred/console/", include("microcred_xblock.issuance.console.urls")),
    path("microcred/api/v1/", include("microcred_xblock.issuance.rest_api.v1.urls")),
    path("microcred/status/<uuid:uuid>/<str:purpose>", status_views.status_list, name="status-list"),
    path("microcred/verify/", status_views.verify, name="verify"),
    path("microcred/verify/<uuid:uuid>", status_views.verification, name="verification"),
    path("microcred/verify/<path:name>", status_views.no_verification, name="no-verification"),
    path("microcred/refresh/<uuid:uuid>/<str:token>", status_views.refresh, name="refresh"),
    path("microcred/about/logo.svg", views.logo, name="logo"),
    path("microcred/about/<str:page>", views.about, name="about"),
]
