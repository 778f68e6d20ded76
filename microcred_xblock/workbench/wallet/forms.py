"""Accounts of the wallet: an e-mail address, a name and a password."""

from __future__ import annotations

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _


class LoginForm(AuthenticationForm):
    """Django's form with an e-mail address for a user name."""

    username = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    error_messages = {  # noqa: RUF012 - the base class's contract
        **AuthenticationForm.error_messages,
        "invalid_login": _("This e-mail address and password do not belong together. Check both and try again."),
    }

    def clean_username(self) -> str:
        """Addresses are compared in lower case."""
        return self.cleaned_data["username"].lower()


class RegistrationForm(forms.Form):
    """A new account."""

    name = forms.CharField(
        label=_("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    email = forms.EmailField(
        label=_("E-mail address"), max_length=150, widget=forms.EmailInput(attrs={"autocomplete": "username"}),
        help_text=_("The one you learn with: then the wallet can tell that a badge is yours."),
    )
    password = forms.CharField(
        label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 8 characters."),
    )

    def clean_email(self) -> str:
        """One account for each address."""
        email = self.cleaned_data["email"].lower()
        if get_user_model().objects.filter(username=email).exists():
            raise forms.ValidationError(_("There is an account with this e-mail address: sign in instead."))
        return email

    def clean_password(self) -> str:
        """Django's configured rules."""
        validate_password(self.cleaned_data["password"])
        return self.cleaned_data["password"]

    def save(self):
        """The new account."""
        data = self.cleaned_data
        return get_user_model().objects.create_user(
            username=data["email"], email=data["email"], password=data["password"], first_name=data["name"]
        )
