"""Addresses of the app. They start at the root of the site, because did:web fixes one of them."""

from django.urls import include, path

from . import hosted_views, openid4vci_views, status_views, vc_api_views, views

app_name = "microcred"

openid4vci_patterns = [
    path(".well-known/openid-credential-issuer", openid4vci_views.draft_metadata, name="vci-draft-metadata"),
    path(".well-known/oauth-authorization-server", openid4vci_views.server_metadata, name="vci-draft-server"),
    path(".well-known/openid-configuration", openid4vci_views.server_metadata, name="vci-draft-configuration"),
    path("types/micro-credential", openid4vci_views.credential_type, name="vci-type"),
    path("offers/<str:secret>", openid4vci_views.offer, name="vci-offer"),
    path("token", openid4vci_views.token, name="vci-token"),
    path("nonce", openid4vci_views.nonce, name="vci-nonce"),
    path("credential", openid4vci_views.credential, name="vci-credential"),
    path("deferred_credential", openid4vci_views.deferred, name="vci-deferred"),
    path("notification", openid4vci_views.notification, name="vci-notification"),
]

urlpatterns = [
    path(".well-known/did.json", views.did_document, name="did"),
    path("<path:folder>/did.json", views.did_document, name="did-folder"),
    path("microcred/achievements/<uuid:uuid>", views.achievement, name="achievement"),
    path("microcred/achievements/<uuid:uuid>/assessment", views.assessment, name="assessment"),
    path("microcred/wallet/start/<str:ticket>/", views.wallet_start, name="wallet-start"),
    path("microcred/wallet/callback/<slug:wallet_id>/", views.wallet_callback, name="wallet-callback"),
    path("microcred/console/", include("microcred_xblock.issuance.console.urls")),
    path("microcred/api/v1/", include("microcred_xblock.issuance.rest_api.v1.urls")),
    path("microcred/interactions/<str:secret>", vc_api_views.interaction, name="interaction"),
    path("microcred/interactions/<str:secret>/exchange", vc_api_views.exchange, name="exchange"),
    path("microcred/interactions/<str:secret>/lcw", vc_api_views.lcw, name="lcw-request"),
    path("microcred/status/<uuid:uuid>/<str:purpose>", status_views.status_list, name="status-list"),
    path("microcred/verify/", status_views.verify, name="verify"),
    path("microcred/verify/<uuid:uuid>", status_views.verification, name="verification"),
    path("microcred/verify/<path:name>", status_views.no_verification, name="no-verification"),
    path("microcred/refresh/<uuid:uuid>/<str:token>", status_views.refresh, name="refresh"),
    path("microcred/ob2/assertions/<uuid:uuid>", hosted_views.assertion, name="ob2-assertion"),
    path("microcred/ob2/badges/<uuid:uuid>", hosted_views.badge_class, name="ob2-badge"),
    path("microcred/ob2/badges/<uuid:uuid>/<slug:issuer_key>", hosted_views.badge_class, name="ob2-badge-of"),
    path("microcred/ob2/images/<uuid:uuid>", hosted_views.picture, name="ob2-image"),
    path("microcred/ob2/issuer", hosted_views.profile, name="ob2-issuer"),
    path("microcred/ob2/issuers/<slug:issuer_key>", hosted_views.profile, name="ob2-issuer-of"),
    path(".well-known/openid-credential-issuer/<path:place>", openid4vci_views.issuer_metadata, name="vci-metadata"),
    path(".well-known/oauth-authorization-server/<path:place>", openid4vci_views.server_metadata, name="vci-server"),
    path(".well-known/jwt-vc-issuer/<path:place>", openid4vci_views.jwt_issuer, name="vci-keys"),
    path("microcred/openid4vci/", include(openid4vci_patterns)),
    path("microcred/about/logo.svg", views.logo, name="logo"),
    path("microcred/about/<str:page>", views.about, name="about"),
]
