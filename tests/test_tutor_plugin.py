"""The Tutor plugin says what it should to the image, to LMS and Studio, and to whoever runs them, and no secret."""

from __future__ import annotations

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from microcred_xblock.issuance.settings.common import DEFAULTS, SECRETS

PLUGIN = Path(__file__).parent.parent / "docs" / "tutor" / "microcred.py"
KEYS = "/openedx/microcred/keys"
QUEUE = "edx.lms.core.microcred"
ISSUER = {"name": "L'institut \"Éole\"", "url": "https://{{ LMS_HOST }}/", "country": "FR"}
ELSEWHERE = {  # not the plugin's: what it fixes itself, what is for the demonstration, and the fine tuning
    "MICROCRED_SEAL_PKCS12", "MICROCRED_ALLOW_LOOPBACK_HTTP", "MICROCRED_RUNNER", "MICROCRED_CA_BUNDLE",
    "MICROCRED_RETRY_AFTER_MOST", "MICROCRED_CIRCUIT_FAILURES", "MICROCRED_SLOW_SECONDS", "MICROCRED_SLOW_WORKERS",
    "MICROCRED_STATUS_TTL", "MICROCRED_STATUS_LIST_SIZE",
}
CHOSEN = {
    "MICROCRED_OFFERS": ["vc-api"], "MICROCRED_OPENID4VCI_FORMATS": ["dc+sd-jwt"], "MICROCRED_MAIL_FILES": True,
    "MICROCRED_API_RATES": {"mail": "2/d", "offer": None},
}
SECRET = "what-only-the-containers-know"
SIGNING = ("lms", "lms-worker", "microcred-worker")


@pytest.fixture
def said(monkeypatch):
    """What the plugin adds to each of Tutor's filters; without Tutor."""
    filters = {name: [] for name in ("CONFIG_DEFAULTS", "ENV_PATCHES", "CLI_DO_COMMANDS")}
    stubs = {name: SimpleNamespace(add_item=to.append, add_items=to.extend) for name, to in filters.items()}
    hooks = SimpleNamespace(Filters=SimpleNamespace(**stubs))
    monkeypatch.setitem(sys.modules, "tutor", SimpleNamespace(hooks=hooks))
    runpy.run_path(str(PLUGIN))
    return SimpleNamespace(defaults=dict(filters["CONFIG_DEFAULTS"]), patches=filters["ENV_PATCHES"])


def test_it_sets_what_the_package_knows_and_no_secret(said):
    [settings] = [content for name, content in said.patches if name == "openedx-common-settings"]
    names = {line.split(" = ")[0] for line in settings.splitlines() if not line.startswith("#")}
    assert names == set(DEFAULTS) - set(SECRETS) - ELSEWHERE
    assert names - {"MICROCRED_KEYS_DIR"} == said.defaults.keys() & DEFAULTS.keys()
    own = {"MICROCRED_KEYS_DIR", "MICROCRED_PUBLIC_BASE_URL", "MICROCRED_API_RATES"}
    assert all(said.defaults[name] == DEFAULTS[name] for name in names - own)


def test_it_names_no_secret_anywhere(said):
    for secret in SECRETS:
        assert secret not in said.defaults
        assert not [name for name, content in said.patches if secret in content]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A fresh Tutor project with the plugin, every option used, and secrets in their file."""
    templates = Path(pytest.importorskip("tutor").__file__).parent / "templates"
    root, plugins = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("plugins")
    shutil.copy(PLUGIN, plugins)
    (root / "microcred").mkdir()
    (root / "microcred" / "secrets.env").write_text("".join(f"{name}={SECRET}\n" for name in SECRETS))
    environment = {**os.environ, "TUTOR_ROOT": str(root), "TUTOR_PLUGINS_ROOT": str(plugins)}

    def tutor(*arguments):
        command = [sys.executable, "-c", "from tutor.commands.cli import main; main()", *arguments]
        subprocess.run(command, env=environment, check=True, capture_output=True)

    tutor("plugins", "enable", "microcred")
    options = {"LMS_HOST": "learn.example", "ENABLE_HTTPS": True, "MICROCRED_ISSUER": ISSUER,
               "MICROCRED_CELERY_QUEUE": QUEUE, **CHOSEN}
    tutor("config", "save", *(word for name in options for word in ("--set", f"{name}={json.dumps(options[name])}")))
    return SimpleNamespace(env=root / "env", tutor=tutor, templates=templates)


def documents(path, *, several=False):
    """YAML, in which no mapping may name a key twice: Docker Compose would refuse it."""
    import yaml

    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), f"{path}: {keys}"
            return super().construct_mapping(node, deep)

    found = [item for item in yaml.load_all(path.read_text("utf-8"), Loader=Strict) if item]
    return found if several else found[0]


class TestRendered:
    def test_every_patch_has_a_place(self, site, said):
        texts = [path.read_text("utf-8", "replace") for path in site.templates.rglob("*") if path.is_file()]
        places = {name for text in texts for name in re.findall(r'patch\("([^"]+)"', text)}
        assert {name for name, _ in said.patches} <= places

    @pytest.mark.parametrize("project", ["lms", "cms"])
    def test_settings(self, site, project):
        source = (site.env / "apps/openedx/settings" / project / "production.py").read_text("utf-8")
        values = {
            statement.targets[0].id: ast.literal_eval(statement.value)
            for statement in ast.parse(source).body
            if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "").startswith("MICROCRED_")
        }
        assert values["MICROCRED_ISSUER"] == {**ISSUER, "url": "https://learn.example/"}
        assert values["MICROCRED_PUBLIC_BASE_URL"] == "https://learn.example"
        assert (values["MICROCRED_KEYS_DIR"], values["MICROCRED_CELERY_QUEUE"]) == (KEYS, QUEUE)
        assert {name: values[name] for name in CHOSEN} == CHOSEN
        assert values["MICROCRED_WALLETS"] == [] and values["MICROCRED_REMIND_BEFORE_DAYS"] == 30

    def test_static_files_are_collected_after_the_package_is_installed(self, site):
        dockerfile = (site.env / "build/openedx/Dockerfile").read_text("utf-8")
        steps = [" AS python-requirements", "install 'microcred-xblock'", " AS production", " lms collectstatic"]
        assert [dockerfile.index(step) for step in steps] == sorted(dockerfile.index(step) for step in steps)

    def test_no_secret_is_rendered(self, site):
        for path in site.env.rglob("*"):
            assert path.is_dir() or SECRET not in path.read_text("utf-8", "replace"), path

    def test_compose(self, site):
        names = ("docker-compose.yml", "docker-compose.prod.yml", "docker-compose.jobs.yml")
        files = [documents(site.env / "local" / name)["services"] for name in names]
        for service in (*SIGNING, "microcred-job"):
            parts = [file[service] for file in files if service in file]
            assert any("image" in part for part in parts), service
            mounts = [mount for part in parts for mount in part["volumes"] if KEYS in mount]
            assert mounts == [f"../../microcred/keys:{KEYS}:{'z' if service == 'microcred-job' else 'ro,z'}"], service
            assert any("env_file" in part for part in parts), service
        beat = files[1]["microcred-beat"]
        assert "beat" in beat["command"] and "env_file" not in beat and KEYS not in str(beat["volumes"])
        assert f"--queues={QUEUE}" in files[1]["microcred-worker"]["command"]
        assert "never" in documents(site.env / "dev/docker-compose.yml")["services"]["lms-worker"]["profiles"]

    def test_kubernetes(self, site):
        files = [site.env / "k8s" / name for name in ("deployments.yml", "jobs.yml", "override.yml")]
        deployed, jobs, overrides = (
            {item["metadata"]["name"]: item["spec"]["template"]["spec"] for item in documents(path, several=True)}
            for path in files
        )
        assert set(overrides) == {*SIGNING, "microcred-job"} <= {*deployed, *jobs}
        for name, pod in overrides.items():
            assert pod["containers"][0]["name"] == {**deployed, **jobs}[name]["containers"][0]["name"]
            assert pod["volumes"][0]["secret"]["secretName"] == "microcred-keys"
        assert "beat" in deployed["microcred-beat"]["containers"][0]["args"]
        if shutil.which("kubectl"):
            subprocess.run(["kubectl", "kustomize", site.env], check=True, capture_output=True)

    def test_disabled_it_leaves_nothing(self, site):
        site.tutor("plugins", "disable", "microcred")
        files = [path for path in site.env.rglob("*") if path.is_file()]
        assert not [path for path in files if "microcred" in path.read_text("utf-8", "replace").lower()]
        site.tutor("plugins", "enable", "microcred")
