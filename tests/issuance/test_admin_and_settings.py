"""What the admin sets, runs and sees."""

import re
import stat
from io import StringIO
from types import SimpleNamespace
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from django.urls import reverse

from microcred_xblock import __version__
from microcred_xblock.domain.errors import Misconfigured
from microcred_xblock.issuance import api, apps, collecting, conf, issuers, models, vault
from microcred_xblock.issuance import checks as system_checks
from microcred_xblock.issuance.settings import common, production
from microcred_xblock.proofs.keys import LocalKey, self_signed
from tests.factories import make_pill

pytestmark = pytest.mark.django_db
ACME = {"id": "acme", "name": "Acme Backpack", "type": "open-badges-api", "base_url": "https://acme.example"}
VCI_METADATA = "/.well-known/openid-credential-issuer/microcred/openid4vci"


def init(*arguments):
    out = StringIO()
    call_command("microcred_init", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def fresh(configured, tmp_path):
    """Settings with an empty keys folder that does not exist yet."""
    configured.MICROCRED_KEYS_DIR = str(tmp_path / "keys")
    return configured


class TestInit:
    def test_makes_what_is_missing_and_says_what_to_do(self, fresh, tmp_path):
        fresh.MICROCRED_TOKEN_KEY, fresh.MICROCRED_WALLETS = "", []
        said = init("--self-signed")
        assert "http://localhost:8000/.well-known/did.json" in said
        assert "did:web:localhost%3A8000" in said
        assert "self-signed: not an eIDAS seal" in said
        assert "MICROCRED_TOKEN_KEY" in said and "MICROCRED_WALLETS" in said
        suggested = said.split("fresh key:\n")[1].split()[0]
        Fernet(suggested)
        assert fresh.MICROCRED_KEYS_PASSPHRASE not in said

    def test_key_files_are_encrypted_and_private(self, fresh, tmp_path):
        init("--self-signed")
        files = sorted((tmp_path / "keys").iterdir())
        assert [path.name for path in files] == ["badge-jwt.pem", "badge.pem", "seal.p12"]
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
        for path in files[:2]:
            assert b"BEGIN ENCRYPTED PRIVATE KEY" in path.read_bytes()
            with pytest.raises(Misconfigured):
                LocalKey.from_pem(path.read_bytes())

    def test_may_be_repeated(self, fresh, tmp_path):
        init("--self-signed")
        before = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
        rows = list(models.SigningKey.objects.values_list("fingerprint", "retired_at"))
        init()
        assert {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()} == before
        assert list(models.SigningKey.objects.values_list("fingerprint", "retired_at")) == rows
        assert models.Issuer.objects.count() == 1

    def test_no_private_key_is_in_the_database(self, fresh, tmp_path):
        init("--self-signed")
        key = LocalKey.from_pem((tmp_path / "keys" / "badge.pem").read_bytes(), fresh.MICROCRED_KEYS_PASSPHRASE)
        for row in models.SigningKey.objects.all():
            assert "d" not in row.public_jwk and "p" not in row.public_jwk
        assert models.SigningKey.objects.get(purpose="badge").public_jwk == key.public_jwk()

    def test_a_replaced_key_is_published_beside_the_retired_one(self, fresh, tmp_path):
        init("--self-signed")
        former = models.SigningKey.objects.get(purpose="badge")
        path = tmp_path / "keys" / "badge.pem"
        path.write_bytes(LocalKey.generate("Ed25519").to_pem(fresh.MICROCRED_KEYS_PASSPHRASE))
        with pytest.raises(Misconfigured) as caught:
            issuers.signer()
        assert caught.value.code == "key-unpublished"
        init()
        former.refresh_from_db()
        assert former.retired_at is not None
        assert issuers.signer().badge_method != former.method_id
        published = issuers.did_document(issuers.did())["assertionMethod"]
        assert {former.method_id, issuers.signer().badge_method} <= set(published)

    def test_keys_do_not_move_to_another_address_unasked(self, fresh):
        init("--self-signed")
        former = issuers.did()
        rows = list(models.SigningKey.objects.values_list("fingerprint", "issuer__did", "method_id"))
        fresh.MICROCRED_PUBLIC_BASE_URL = "http://localhost:8001"
        with pytest.raises(Misconfigured) as caught:
            issuers.record(issuers.load_signer())
        assert (caught.value.code, caught.value.params["former"]) == ("issuer-address-changed", former)
        with pytest.raises(CommandError) as told:
            init("--self-signed")
        for expected in (former, issuers.did(), "MICROCRED_PUBLIC_BASE_URL", "MICROCRED_KEYS_DIR", "--new-address"):
            assert expected in str(told.value)
        assert list(models.SigningKey.objects.values_list("fingerprint", "issuer__did", "method_id")) == rows
        assert models.Issuer.objects.count() == 1
        assert issuers.did_document(former) is not None

    def test_keys_move_to_a_new_address_when_told_to(self, fresh):
        init("--self-signed")
        former = issuers.did()
        fresh.MICROCRED_PUBLIC_BASE_URL = "http://localhost:8001"
        assert "did:web:localhost%3A8001" in init("--new-address")
        assert issuers.signer().badge_method in issuers.did_document(issuers.did())["assertionMethod"]
        assert issuers.did_document(former) is None
        init()

    def test_new_keys_under_a_new_address_leave_the_former_ones_published(self, fresh, tmp_path):
        init("--self-signed")
        former = issuers.did()
        published = issuers.did_document(former)
        fresh.MICROCRED_PUBLIC_BASE_URL = "http://localhost:8001"
        fresh.MICROCRED_SEAL_PKCS12 = str(tmp_path / "keys" / "seal.p12")
        fresh.MICROCRED_KEYS_DIR = str(tmp_path / "new-keys")
        init()
        assert issuers.signer().issuer.id == issuers.did() != former
        assert issuers.did_document(former) == published

    def test_takes_the_organisation_s_own_certificate(self, fresh, tmp_path):
        from django.utils import timezone

        made = self_signed(
            legal_name="Université exemple", legal_identifier="NTRBE-0123456789", country_alpha2="BE",
            now=timezone.now(),
        )
        path = tmp_path / "own.p12"
        path.write_bytes(made.to_pkcs12("its own password"))
        fresh.MICROCRED_SEAL_PKCS12, fresh.MICROCRED_SEAL_PASSWORD = str(path), "its own password"
        init()
        row = models.Issuer.objects.get()
        assert (row.name, row.legal_name, row.legal_identifier, row.country) == (
            "Example Training Centre", "Université exemple", "NTRBE-0123456789", "BEL"
        )

    def test_without_a_certificate_it_says_what_to_do(self, fresh):
        with pytest.raises(CommandError) as caught:
            init()
        assert "PKCS#12" in str(caught.value) and "--self-signed" in str(caught.value)

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            ({"MICROCRED_PUBLIC_BASE_URL": ""}, "MICROCRED_PUBLIC_BASE_URL"),
            ({"MICROCRED_PUBLIC_BASE_URL": "https://192.0.2.1"}, "host name"),
            ({"MICROCRED_KEYS_DIR": ""}, "MICROCRED_KEYS_DIR"),
            ({"MICROCRED_KEYS_PASSPHRASE": ""}, "MICROCRED_KEYS_PASSPHRASE"),
            ({"MICROCRED_ISSUER": {}}, "MICROCRED_ISSUER"),
            ({"MICROCRED_ISSUER": {"name": "X", "country": "FR"}}, "legal_name, legal_identifier"),
        ],
    )
    def test_names_the_setting_that_is_missing(self, change, word, fresh):
        for name, value in change.items():
            setattr(fresh, name, value)
        with pytest.raises(CommandError) as caught:
            init("--self-signed")
        assert word in str(caught.value)

    def test_an_expired_certificate(self, fresh, tmp_path):
        from datetime import timedelta

        from django.utils import timezone

        made = self_signed(
            legal_name="X", legal_identifier="NTRFR-1", country_alpha2="FR", now=timezone.now() - timedelta(days=400)
        )
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys" / "seal.p12").write_bytes(made.to_pkcs12(fresh.MICROCRED_KEYS_PASSPHRASE))
        with pytest.raises(CommandError) as caught:
            init()
        assert "expired" in str(caught.value)


class TestChecks:
    def ids(self):
        return {message.id for message in system_checks.check_settings(None)}

    def test_a_working_installation_has_nothing_to_say(self, issuer):
        assert self.ids() == set()

    def test_a_bare_one_is_told_everything_and_still_starts(self, settings):
        for name in common.DEFAULTS:
            setattr(settings, name, common.DEFAULTS[name])
        assert self.ids() == {"microcred.W001", "microcred.W002"}

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"MICROCRED_WALLETS": [{"id": "X"}]}, "microcred.E001"),
            ({"MICROCRED_PUBLIC_BASE_URL": "https://learn.example"}, "microcred.E002"),
            ({"MICROCRED_TOKEN_KEY": "nonsense"}, "microcred.W002"),
            ({"MICROCRED_KEYS_PASSPHRASE": "wrong"}, "microcred.W001"),
            ({"MICROCRED_STATUS_LIST_SIZE": 1_000}, "microcred.E003"),
            ({"MICROCRED_STATUS_LIST_SIZE": "131072"}, "microcred.E003"),
            ({"MICROCRED_API_RATES": {"verify": "often"}}, "microcred.E003"),
            ({"MICROCRED_API_RATES": {"everybody": "5/min"}}, "microcred.E003"),
            ({"MICROCRED_API_RATES": "5/min"}, "microcred.E003"),
            ({"MICROCRED_API_RATES": {"verify": "20 per minute"}}, "microcred.E003"),
            ({"MICROCRED_REMIND_BEFORE_DAYS": "a month"}, "microcred.E003"),
            ({"MICROCRED_RENEW_BEFORE_DAYS": -1}, "microcred.E003"),
            ({"MICROCRED_STATUS_TTL": "5 min"}, "microcred.E003"),
            ({"MICROCRED_STATUS_TTL": float("nan")}, "microcred.E003"),
            ({"MICROCRED_CIRCUIT_FAILURES": True}, "microcred.E003"),
            ({"MICROCRED_SLOW_WORKERS": 0}, "microcred.E003"),
            ({"MICROCRED_NOTICE_EMAIL": "False"}, "microcred.E003"),
            ({"MICROCRED_HTTP_TIMEOUTS": {"connect": "soon"}}, "microcred.E003"),
            ({"MICROCRED_HTTP_TIMEOUTS": {"conect": 5}}, "microcred.E003"),
            ({"MICROCRED_HTTP_TIMEOUTS": 5}, "microcred.E003"),
            ({"MICROCRED_RUNNER": "cron"}, "microcred.E003"),
            ({"MICROCRED_EARNING_ROLES": "staff"}, "microcred.E003"),
            ({"MICROCRED_WALLETS": "testwallet"}, "microcred.E003"),
            ({"MICROCRED_ISSUER": "A school"}, "microcred.E003"),
            ({"MICROCRED_TOKEN_KEY": 5}, "microcred.E003"),
            ({"MICROCRED_KEYS_DIR": 5}, "microcred.E003"),
            ({"MICROCRED_PROXY": "proxy.example:3128"}, "microcred.E003"),
            ({"MICROCRED_PROXY": 3128}, "microcred.E003"),
            ({"MICROCRED_WALLETS": [{**ACME, "hosts": 5}]}, "microcred.E001"),
            ({"MICROCRED_WALLETS": [{**ACME, "hosts": ["https://auth.acme.example"]}]}, "microcred.E001"),
            ({"MICROCRED_WALLETS": False}, "microcred.E003"),
            ({"MICROCRED_OFFERS": "vc-api"}, "microcred.E003"),
            ({"MICROCRED_OPENID4VCI_FORMATS": ["vc+sd-jwt"]}, "microcred.E003"),
            ({"MICROCRED_MAIL_FILES": "True"}, "microcred.E003"),
            ({"MICROCRED_API_RATES": {"mail": "5/month"}}, "microcred.E003"),
            ({"MICROCRED_CA_BUNDLE": "/nowhere/ca.pem"}, "microcred.E003"),
            ({"MICROCRED_CLIENT": {"contacts": "wallets@learn.example"}}, "microcred.E003"),
            ({"MICROCRED_CLIENT": {"logo_uri": "/static/logo.svg"}}, "microcred.E003"),
        ],
    )
    def test_what_is_wrong(self, change, expected, issuer, configured):
        for name, value in change.items():
            setattr(configured, name, value)
        assert self.ids() == {expected}

    @pytest.mark.parametrize("name", [*conf.NUMBERS])
    def test_numbers_may_stand_in_quotation_marks(self, name, issuer, configured):
        setattr(configured, name, str(common.DEFAULTS[name]))
        assert self.ids() == set() and conf.number(name) == common.DEFAULTS[name]

    @pytest.mark.parametrize("name", [*conf.NUMBERS])
    @pytest.mark.parametrize("value", ["", "soon", "²", "1e9", -1, [], True, float("inf")])
    def test_what_is_no_number_leaves_the_default(self, name, value, issuer, configured):
        setattr(configured, name, value)
        assert self.ids() == {"microcred.E003"} and conf.number(name) == common.DEFAULTS[name]

    def test_so_do_time_limits(self, configured):
        configured.MICROCRED_HTTP_TIMEOUTS = {"connect": "0.5", "read": "soon"}
        policy = conf.transport_to(frozenset()).policy
        assert (policy.connect_timeout, policy.read_timeout, policy.total_timeout) == (0.5, 10, 20)
        configured.MICROCRED_HTTP_TIMEOUTS = "5"
        assert conf.transport_to(frozenset()).policy.connect_timeout == 5

    def test_the_way_out_is_the_proxy_of_the_settings_and_no_other(self, configured, monkeypatch):
        monkeypatch.setenv("HTTPS_PROXY", "http://elsewhere.example:3128")
        assert conf.transport_to(frozenset()).policy.proxy is None
        configured.MICROCRED_PROXY = "http://user:hush@proxy.example:3128"
        policy = conf.transport_to(frozenset()).policy
        assert (policy.proxy.host, policy.proxy.port) == ("proxy.example", 3128)
        assert "hush" not in repr(policy) and policy.proxy.authorization not in repr(policy)
        configured.MICROCRED_PROXY = "socks5://proxy.example:3128"
        with pytest.raises(Misconfigured) as caught:
            conf.transport_to(frozenset())
        assert caught.value.code == "proxy-setting"

    @pytest.mark.parametrize(
        ("contacts", "shown"),
        [
            (["wallets@learn.example"], "; wallets@learn.example"), ([], ""), (None, ""), ("x@y.example", ""),
            (["a) evil (@b.example"], ""), (["a@b\r\nX: y"], ""), ([5], ""),
        ],
    )
    def test_who_we_are_and_whom_to_ask(self, contacts, shown, configured):
        configured.MICROCRED_CLIENT = {"contacts": contacts}
        expected = f"microcred-xblock/{__version__} (+http://localhost:8000{shown})"
        assert conf.transport_to(frozenset()).policy.user_agent == expected

    def test_it_says_what_to_write_and_never_what_is_there(self, settings):
        settings.MICROCRED_KEYS_PASSPHRASE, settings.MICROCRED_STATUS_TTL = 12_345_678, "hush-hush"
        told = [message.msg for message in system_checks.check_settings(None)]
        assert told == [
            "MICROCRED_KEYS_PASSPHRASE must be a text.",
            "MICROCRED_STATUS_TTL must be a number from 1 to 31536000, as 300.",
        ]

    def test_awarding_bodies_that_cannot_be_read(self, issuer, configured):
        configured.MICROCRED_ISSUERS = {"No Key": {}}
        assert "microcred.E003" in self.ids()

    def test_key_files_that_others_can_read(self, fresh, tmp_path):
        init("--self-signed")
        (tmp_path / "keys" / "badge.pem").chmod(0o644)
        assert self.ids() == {"microcred.W003"}


    @pytest.mark.parametrize("value", [False, 5, "vc-api", {"vc-api": 1}, ["VC-API"], [["vc-api"]], []])
    def test_ways_and_forms_that_cannot_be_read_are_not_offered(self, value, issuer, settings, client):
        settings.MICROCRED_OFFERS = value
        assert collecting.channels() == ()
        assert client.get(VCI_METADATA).status_code == 404
        settings.MICROCRED_OFFERS, settings.MICROCRED_OPENID4VCI_FORMATS = ["vc-api", "openid4vci", "vc-api"], value
        assert collecting.channels() == ("vc-api",), "a way without any form leads nowhere"
        assert client.get(VCI_METADATA).status_code == 404

    @pytest.mark.parametrize("value", [False, 5, [{**ACME, "hosts": 5}], [{**ACME, "hosts": ["a/b"]}], [None]])
    def test_wallets_that_cannot_be_read_are_told_as_such(self, value, configured):
        configured.MICROCRED_WALLETS = value
        with pytest.raises(Misconfigured) as caught:
            conf.wallets()
        assert caught.value.code == "wallet-setting"

    def test_and_leave_learners_the_other_ways(self, connected, learner, configured):
        configured.MICROCRED_WALLETS = [*configured.MICROCRED_WALLETS, {**ACME, "hosts": ["a/b"]}]
        panel = api.panel(learner.id, make_pill().id)
        assert panel.state == "issued" and panel.channels and not panel.wallets
        assert api.download(connected, learner.id, "ob3.json").content
        with pytest.raises(Misconfigured):
            api.send(connected, learner.id, "testwallet")

    @pytest.mark.parametrize("value", [5, "learn.example", "https://[::1"])
    def test_so_is_an_address_that_is_none(self, value, configured):
        configured.MICROCRED_PUBLIC_BASE_URL = value
        with pytest.raises(Misconfigured):
            conf.public_base_url()

    def test_what_wallets_are_told_of_this_site_is_left_at_the_default(self, issued, connect, configured):
        configured.MICROCRED_CLIENT = "https://learn.example/logo.svg"
        assert "microcred_wallet=testwallet" in connect(issued)


class TestSettings:
    def test_every_setting_is_documented_and_has_a_default(self):
        for name in common.DEFAULTS:
            assert f"``{name}``" in common.__doc__

    def test_the_plugin_gives_defaults_and_keeps_what_is_set(self, monkeypatch):
        monkeypatch.setenv("MICROCRED_KEYS_PASSPHRASE", "from the environment")
        platform = SimpleNamespace(MICROCRED_RUNNER="thread")
        common.plugin_settings(platform)
        assert platform.MICROCRED_RUNNER == "thread"
        assert platform.MICROCRED_KEYS_PASSPHRASE == "from the environment"
        assert platform.MICROCRED_WALLETS == []

    def test_production_takes_the_platform_s_yaml(self):
        platform = SimpleNamespace(
            ENV_TOKENS={"MICROCRED_RUNNER": "celery", "OTHER": 1}, AUTH_TOKENS={"MICROCRED_TOKEN_KEY": "k"}
        )
        common.plugin_settings(platform)
        production.plugin_settings(platform)
        assert (platform.MICROCRED_RUNNER, platform.MICROCRED_TOKEN_KEY) == ("celery", "k")
        assert not hasattr(platform, "OTHER")

    def test_no_secret_of_a_wallet_gets_into_the_tracking_log(self):
        """The platform matches each pattern with the beginning of the path."""
        platform = SimpleNamespace(TRACKING_IGNORE_URL_PATTERNS=["^/login"])
        common.plugin_settings(platform)
        common.plugin_settings(platform)
        assert len(platform.TRACKING_IGNORE_URL_PATTERNS) == 2
        platform.TRACKING_IGNORE_URL_PATTERNS = ["^/event"]  # as the YAML says
        production.plugin_settings(platform)
        kept = platform.TRACKING_IGNORE_URL_PATTERNS

        def ignored(path):
            return any(re.match(pattern, path) for pattern in kept)

        secret = {"secret": "s"}
        for name, arguments in (
            ("vci-offer", secret), ("vci-token", {}), ("interaction", secret), ("exchange", secret),
            ("lcw-request", secret), ("wallet-start", {"ticket": "t"}), ("wallet-callback", {"wallet_id": "w"}),
            ("refresh", {"uuid": uuid4(), "token": "t"}),
        ):
            assert ignored(reverse(f"microcred:{name}", kwargs=arguments)), name
        assert ignored("/event") and not ignored(reverse("microcred:verify")) and not ignored("/courses/microcred")
        bare = SimpleNamespace()
        common.plugin_settings(bare)
        assert not hasattr(bare, "TRACKING_IGNORE_URL_PATTERNS")

    def test_secrets_may_come_from_the_environment(self, settings, monkeypatch):
        settings.MICROCRED_KEYS_PASSPHRASE = ""
        monkeypatch.setenv("MICROCRED_KEYS_PASSPHRASE", "secret")
        monkeypatch.setenv("MICROCRED_KEYS_DIR", "/not/a/secret")
        assert conf.passphrase() == "secret"
        with pytest.raises(Misconfigured):
            conf.keys_dir()

    def test_the_platform_s_own_address_is_the_default(self, settings):
        settings.MICROCRED_PUBLIC_BASE_URL, settings.LMS_ROOT_URL = "", "https://lms.example/"
        assert conf.public_base_url() == "https://lms.example"

    def test_defaults_are_not_shared_between_projects(self):
        one, two = SimpleNamespace(), SimpleNamespace()
        common.plugin_settings(one)
        common.plugin_settings(two)
        one.MICROCRED_WALLETS.append("x")
        assert two.MICROCRED_WALLETS == [] == common.DEFAULTS["MICROCRED_WALLETS"]

    def test_the_plugin_app_names_what_exists(self):
        from importlib import import_module

        described = apps.IssuanceConfig.plugin_app
        for project in described["settings_config"].values():
            for entry in project.values():
                assert import_module(f"microcred_xblock.issuance.{entry['relative_path']}").plugin_settings
        for entry in described["url_config"].values():
            urls = import_module(f"microcred_xblock.issuance.{entry['relative_path']}")
            assert urls.app_name == entry["namespace"]


class TestVault:
    def test_what_is_sealed_can_be_unsealed_and_not_read(self, configured):
        sealed = vault.seal({"access": "abc"})
        assert "abc" not in sealed
        assert vault.unseal(sealed) == {"access": "abc"}

    def test_keys_can_be_rotated(self, configured):
        sealed = vault.seal({"a": 1})
        former, fresh = configured.MICROCRED_TOKEN_KEY, Fernet.generate_key().decode()
        configured.MICROCRED_TOKEN_KEY = [fresh, former]
        assert vault.unseal(sealed) == {"a": 1}
        again = vault.seal({"a": 2})
        configured.MICROCRED_TOKEN_KEY = [fresh]
        assert vault.unseal(again) == {"a": 2}
        with pytest.raises(Misconfigured) as caught:
            vault.unseal(sealed)
        assert caught.value.code == "token-key"


class TestAdminPages:
    @pytest.fixture
    def boss(self):
        return User.objects.create_superuser("boss")

    SECRETS = ("tokens", "secret", "content", "document", "salt", "verifier", "lease")

    def test_nothing_can_be_changed_and_no_secret_is_shown(self, boss):
        request = RequestFactory().get("/")
        request.user = boss
        changed_here = (models.IssuerAssignment, models.RecognitionDefaults)  # what is decided in the admin
        pages = [
            page for model, page in admin.site._registry.items()
            if model._meta.app_label == "microcred" and model not in changed_here
        ]
        assert {page.model for page in pages} == {
            models.AssessmentRequest, models.Award, models.BulkJob, models.Delivery, models.IndexRequest, models.Issuer,
            models.KeyUse, models.Notice, models.Regrade, models.Skill, models.SkillImport, models.StatusChange,
            models.StatusList, models.StatusListCredential, models.WalletCircuit, models.WalletConnection,
        }
        for page in pages:
            inlines = [inline(page.model, admin.site) for inline in page.inlines]
            for shown in (page, *inlines):
                assert not shown.has_add_permission(request, None)
                assert not shown.has_change_permission(request)
                assert not shown.has_delete_permission(request)
                assert not set(shown.fields) & set(self.SECRETS)
            assert not set(page.list_display) & set(self.SECRETS)

    def test_the_story_of_an_award(self, issued, connect, learner, commits, boss, client, settings, host):
        from microcred_xblock.issuance import api

        connect(issued)
        with commits():
            api.send(issued, learner.id, "testwallet")
        settings.ROOT_URLCONF = "tests.issuance.admin_urls"
        client.force_login(boss)
        row = models.Award.objects.get()
        delivery, connection = models.Delivery.objects.first(), models.WalletConnection.objects.get()
        issuer_row = models.Issuer.objects.get()
        pages = [
            f"/admin/microcred/award/{row.pk}/change/", "/admin/microcred/award/", "/admin/microcred/delivery/",
            f"/admin/microcred/delivery/{delivery.pk}/change/", "/admin/microcred/walletconnection/",
            f"/admin/microcred/walletconnection/{connection.pk}/change/",
            f"/admin/microcred/issuer/{issuer_row.pk}/change/",
            f"/admin/microcred/award/?q={row.credentials.first().credential_id}",
            "/admin/microcred/assessmentrequest/", "/admin/microcred/indexrequest/", "/admin/microcred/statuschange/",
            "/admin/microcred/statuslist/", "/admin/microcred/statuslistcredential/", "/admin/microcred/regrade/",
            "/admin/microcred/notice/", "/admin/microcred/keyuse/", "/admin/microcred/walletcircuit/",
            "/admin/microcred/bulkjob/",
        ]
        texts = []
        for page in pages:
            response = client.get(page)
            assert response.status_code == 200, page
            texts.append(response.content.decode())
        assert "urn:uuid:" in texts[0] and "did:web:localhost%3A8000" in texts[0]
        together = "".join(texts)
        for secret in (connection.tokens, learner.email, learner.full_name, *host.access, *host.refreshes):
            assert secret not in together
