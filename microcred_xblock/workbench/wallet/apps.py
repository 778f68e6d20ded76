"""The wallet's Django app."""

from django.apps import AppConfig


class DemoWalletConfig(AppConfig):
    """Label ``demo_wallet``; lives in its own settings and its own database."""

    name = "microcred_xblock.workbench.wallet"
    label = "demo_wallet"
    verbose_name = "Demo wallet"
    default_auto_field = "django.db.models.BigAutoField"
