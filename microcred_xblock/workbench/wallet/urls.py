"""Addresses of the wallet: pages for people, OAuth, and the Open Badges 3.0 API under its fixed path."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path, re_path

from . import api, oauth, pages
from .forms import LoginForm

urlpatterns = [
    path("", pages.home, name="home"),
    path(
        "login/",
        LoginView.as_view(
            template_name="demo_wallet/login.html", authentication_form=LoginForm, redirect_authenticated_user=True
        ),
        name="login",
    ),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("register/", pages.register, name="register"),
    path("credentials/<int:pk>/", pages.credential, name="credential"),
    path("credentials/<int:pk>/file", pages.download, name="download"),
    path("credentials/<int:pk>/verify", pages.verify, name="verify"),
    path("credentials/<int:pk>/remove", pages.remove, name="remove"),
    path("connections/", pages.connections, name="connections"),
    path("connections/<int:pk>/disconnect", pages.disconnect, name="disconnect"),
    path("terms/", pages.statement, {"template": "terms"}, name="terms"),
    path("privacy/", pages.statement, {"template": "privacy"}, name="privacy"),
    path("language/", include("django.conf.urls.i18n")),
    path("oauth/registration", oauth.registration, name="oauth-registration"),
    path("oauth/authorize", oauth.authorize, name="oauth-authorize"),
    path("oauth/token", oauth.token, name="oauth-token"),
    path("oauth/revoke", oauth.revoke, name="oauth-revoke"),
    path("ims/ob/v3p0/discovery", api.discovery, name="api-discovery"),
    path("ims/ob/v3p0/credentials", api.credentials, name="api-credentials"),
    path("ims/ob/v3p0/profile", api.profile, name="api-profile"),
    path("elm/credentials", api.elm_credentials, name="api-elm"),
    re_path(r"^(ims|elm)/", api.unknown_path, name="api-unknown"),
]
