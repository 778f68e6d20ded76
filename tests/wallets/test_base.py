"""The admin's list of wallets."""

import pytest

from microcred_xblock.domain.errors import Misconfigured
from microcred_xblock.wallets.base import place, provider, providers

GOOD = {"id": "acme-1", "name": "Acme", "type": "open-badges-api", "base_url": "https://acme.example/tenant/"}


def test_a_provider_may_contact_its_own_host_and_those_the_admin_adds():
    made = provider({**GOOD, "hosts": ["auth.acme.example", "api.acme.example:8443"]})
    assert made.base_url == "https://acme.example/tenant"
    assert made.hosts == {"acme.example:443", "auth.acme.example:443", "api.acme.example:8443"}


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""}, {"id": "Acme"}, {"id": "a/b"}, {"id": "-a"}, {"id": "a\n"}, {"id": "a١"},
        {"id": "a" * 41}, {"name": None}, {"type": "magic"},
        {"base_url": "acme.example"}, {"base_url": "https://u:p@acme.example"}, {"base_url": "https://acme.example?x"},
        {"base_url": "https://["}, {"hosts": "auth.acme.example"}, {"hosts": [1]}, {"hosts": ["a b:x"]}, {"hosts": 5},
        {"hosts": ["https://auth.acme.example"]}, {"hosts": ["acme.example/auth"]}, {"hosts": [""]},
    ],
)
def test_entries_that_cannot_be_used_say_what_is_wrong(change):
    with pytest.raises(Misconfigured) as caught:
        provider({**GOOD, **change})
    assert caught.value.code == "wallet-setting"
    assert "MICROCRED_WALLETS" in caught.value.message


def test_ids_are_unique_and_entries_dictionaries():
    assert list(providers([GOOD, {**GOOD, "id": "b"}])) == ["acme-1", "b"]
    for wrong in ([GOOD, GOOD], ["acme"], 5):
        with pytest.raises(Misconfigured):
            providers(wrong)


def test_places_have_a_port_and_lower_case():
    assert place("https://ACME.example/x") == "acme.example:443"
    assert place("http://localhost:8100") == "localhost:8100"
    assert place("http://[::1]") == "::1:80"
