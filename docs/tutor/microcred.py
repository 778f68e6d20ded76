"""Tutor plugin for microcred_xblock: copy this file into the folder that ``tutor plugins printroot`` names.

It installs the package into the openedx image, hands your settings to LMS and Studio, mounts the keys and runs beat.
Secrets never pass through Tutor's configuration: they are the files ``microcred/secrets.env`` and ``microcred/keys/``
beside ``config.yml``, or two Kubernetes secrets. The guide is docs/install.md.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click
from tutor import hooks

# Settings of the package, by the names they have there (docs/admin.md); their values are in Tutor's config.yml.
SETTINGS = {
    "MICROCRED_PUBLIC_BASE_URL": "{{ 'https' if ENABLE_HTTPS else 'http' }}://{{ LMS_HOST }}",
    "MICROCRED_ISSUER": {},
    "MICROCRED_ISSUERS": {},
    "MICROCRED_WALLETS": [],
    "MICROCRED_OFFERS": ["openid4vci", "vc-api"],
    "MICROCRED_OPENID4VCI_FORMATS": ["ldp_vc", "jwt_vc_json", "dc+sd-jwt"],
    "MICROCRED_CLIENT": {},
    "MICROCRED_HTTP_TIMEOUTS": {"connect": 5, "read": 10, "total": 20},
    "MICROCRED_EARNING_ROLES": [],
    "MICROCRED_API_RATES": {},  # those that are left out have their defaults
    "MICROCRED_RENEW_BEFORE_DAYS": 60,
    "MICROCRED_REMIND_BEFORE_DAYS": 30,
    "MICROCRED_NOTICE_EMAIL": False,
    "MICROCRED_MAIL_FILES": False,
    "MICROCRED_SHOW_ON_CERTIFICATE": False,
    "MICROCRED_SHOW_ON_DASHBOARD": True,
    "MICROCRED_CELERY_QUEUE": "",
}
DEPLOYMENT = {
    "MICROCRED_PIP_REQUIREMENT": "microcred-xblock",  # what pip is asked for; empty: it is in the image already
    "MICROCRED_RUN_BEAT": True,  # False: the site has a Celery beat for the LMS
}
KEYS_DIR = "/openedx/microcred/keys"  # in the containers

hooks.Filters.CONFIG_DEFAULTS.add_items([*SETTINGS.items(), *DEPLOYMENT.items()])


def _patch(name: str, content: str) -> None:
    hooks.Filters.ENV_PATCHES.add_item((name, content))


# The image: the production stage copies these requirements and collects static files after that.
_patch(
    "openedx-dockerfile-post-python-requirements",
    """\
{% if MICROCRED_PIP_REQUIREMENT %}
RUN --mount=type=cache,target=/openedx/.cache/pip,sharing=shared \\
    $PIP_COMMAND install '{{ MICROCRED_PIP_REQUIREMENT }}'
{% endif %}""",
)

# LMS and Studio. Secrets are read from the environment by the package itself.
_patch(
    "openedx-common-settings",
    "\n".join(
        [
            "# Micro-credentials",
            f'MICROCRED_KEYS_DIR = "{KEYS_DIR}"',
            *(f'{name} = {{{{ "%r"|format({name}) }}}}' for name in SETTINGS),
        ]
    ),
)

# --- Docker Compose. Paths are relative to env/local, as in Tutor's own files.

_KEYS = "../../microcred/keys"
_ENV_FILE = """\
  env_file:
    - path: ../../microcred/secrets.env
      required: false
"""
_HALF = "{service}:\n" + _ENV_FILE + f"  volumes:\n    - {_KEYS}:{KEYS_DIR}:ro,z\n"
_OPENEDX = """\
  image: {{{{ DOCKER_IMAGE_OPENEDX }}}}
  environment:
    SERVICE_VARIANT: lms
    DJANGO_SETTINGS_MODULE: lms.envs.tutor.production
  volumes:
    - ../apps/openedx/settings/lms:/openedx/edx-platform/lms/envs/tutor:ro,z
    - ../apps/openedx/settings/cms:/openedx/edx-platform/cms/envs/tutor:ro,z
    - ../apps/openedx/config:/openedx/config:ro,z
    - ../../data/{data}:/openedx/data:z
    - ../../data/openedx-media:/openedx/media:z
    - ../../data/openedx-media-private:/openedx/media-private:z
    {{%- for mount in iter_mounts(MOUNTS, "openedx") %}}
    - {{{{ mount }}}}:z
    {{%- endfor %}}
"""
_BEAT = ["celery", "--app=lms.celery", "beat", "--loglevel=info", "--schedule=/tmp/celerybeat-schedule", "--pidfile="]
_WORKER = [
    "celery", "--app=lms.celery", "worker", "--loglevel=info", "--hostname=microcred.%h",
    "--queues={{ MICROCRED_CELERY_QUEUE }}", "--max-tasks-per-child=100", "--prefetch-multiplier=1",
    "--without-gossip", "--without-mingle",
]


def _lines(words: list[str], indent: int) -> str:
    return "".join(f'{" " * indent}- "{word}"\n' for word in words)


# The container writes its keys as the user of the openedx image; the others only read them.
_patch("local-docker-compose-permissions-volumes", f"- {_KEYS}:/mounts/microcred-keys:z")
_patch("local-docker-compose-permissions-command", "setowner $OPENEDX_USER_ID /mounts/microcred-keys")

# Only the LMS and its workers sign; Studio gets no key. One file cannot name a service twice, so each half stands in
# the file where Tutor does not describe the service.
_patch("local-docker-compose-prod-services", _HALF.format(service="lms"))
_patch("local-docker-compose-services", _HALF.format(service="lms-worker"))
# `tutor dev` has no workers: complete what would otherwise be half a service, and never start it.
_patch(
    "local-docker-compose-dev-services",
    "lms-worker:\n  image: {{ DOCKER_IMAGE_OPENEDX_DEV }}\n  profiles: [never]\n",
)
_patch(
    "local-docker-compose-prod-services",
    "{% if MICROCRED_RUN_BEAT %}\nmicrocred-beat:\n"
    + _OPENEDX.format(data="lms") + "  command:\n" + _lines(_BEAT, 4)
    + "  restart: unless-stopped\n  depends_on:\n    - lms\n{% endif %}",
)
_patch(
    "local-docker-compose-prod-services",
    "{% if MICROCRED_CELERY_QUEUE %}\nmicrocred-worker:\n"
    + _OPENEDX.format(data="lms") + f"    - {_KEYS}:{KEYS_DIR}:ro,z\n" + _ENV_FILE + "  command:\n" + _lines(_WORKER, 4)
    + "  restart: unless-stopped\n  depends_on:\n    - lms\n{% endif %}",
)
_patch(
    "local-docker-compose-jobs-services",
    "microcred-job:\n" + _OPENEDX.format(data="lms-job") + f"    - {_KEYS}:{KEYS_DIR}:z\n" + _ENV_FILE
    + '  depends_on: {{ [("permissions", True), ("mysql", RUN_MYSQL)]|list_if }}\n',
)

# --- Kubernetes. The secrets "microcred" (environment) and "microcred-keys" (files) are made by the admin.

# What these secrets add to a Deployment or Job of Tutor's, or to one below.
_K8S_SECRETS = f"""\
---
apiVersion: {{api}}
kind: {{kind}}
metadata:
  name: {{name}}
spec:
  template:
    spec:
      containers:
        - name: {{container}}
          envFrom:
            - secretRef:
                name: microcred
                optional: true
          volumeMounts:
            - name: microcred-keys
              mountPath: {KEYS_DIR}
              readOnly: true
      volumes:
        - name: microcred-keys
          secret:
            secretName: microcred-keys
            optional: true
"""
# A pod of the openedx image, at the indentation of a Deployment's or Job's spec.template.spec.
_K8S_OPENEDX = """\
      securityContext:
        runAsUser: 1000
        runAsGroup: 1000
      containers:
        - name: {name}
          image: {{{{ DOCKER_IMAGE_OPENEDX }}}}
          env:
            - name: SERVICE_VARIANT
              value: lms
            - name: DJANGO_SETTINGS_MODULE
              value: lms.envs.tutor.production
          securityContext:
            allowPrivilegeEscalation: false
          volumeMounts:
            - mountPath: /openedx/edx-platform/lms/envs/tutor/
              name: settings-lms
            - mountPath: /openedx/edx-platform/cms/envs/tutor/
              name: settings-cms
            - mountPath: /openedx/config
              name: config
{extra}      volumes:
        - name: settings-lms
          configMap:
            name: openedx-settings-lms
        - name: settings-cms
          configMap:
            name: openedx-settings-cms
        - name: config
          configMap:
            name: openedx-config
"""
_K8S_DEPLOYMENT = """\
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: {name}
spec:
  replicas: 1
  strategy:
    type: Recreate
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
    spec:
"""
_K8S_JOB = """\
---
apiVersion: batch/v1
kind: Job
metadata:
  name: microcred-job
  labels:
    app.kubernetes.io/component: job
spec:
  template:
    spec:
      restartPolicy: Never
"""


def _k8s_deployment(name: str, words: list[str]) -> str:
    arguments = "          args:\n" + _lines(words, 12)
    return _K8S_DEPLOYMENT.format(name=name) + _K8S_OPENEDX.format(name=name, extra=arguments)


_patch("k8s-deployments", "{% if MICROCRED_RUN_BEAT %}\n" + _k8s_deployment("microcred-beat", _BEAT) + "{% endif %}")
_patch(
    "k8s-deployments",
    "{% if MICROCRED_CELERY_QUEUE %}\n" + _k8s_deployment("microcred-worker", _WORKER) + "{% endif %}",
)
_patch("k8s-jobs", _K8S_JOB + _K8S_OPENEDX.format(name="microcred", extra=""))
for _name in ("lms", "lms-worker"):
    _patch("k8s-override", _K8S_SECRETS.format(api="apps/v1", kind="Deployment", name=_name, container=_name))
_patch(
    "k8s-override",
    "{% if MICROCRED_CELERY_QUEUE %}\n"
    + _K8S_SECRETS.format(api="apps/v1", kind="Deployment", name="microcred-worker", container="microcred-worker")
    + "{% endif %}",
)
_patch(
    "k8s-override", _K8S_SECRETS.format(api="batch/v1", kind="Job", name="microcred-job", container="microcred")
)


@click.command(
    name="microcred-init",
    help="Make or load the issuer's keys; options are those of `manage.py lms microcred_init`.",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="")
def microcred_init(options: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Run in the service ``microcred``, whose container may write into the keys folder."""
    yield _manage("microcred_init", *options)


@click.command(
    name="microcred-keys",
    help="Show, rotate and assign keys; options are those of `manage.py lms microcred keys`.",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="")
def microcred_keys(options: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Run where ``microcred_init`` is run."""
    yield _manage("microcred", "keys", *options)


def _manage(*words: str) -> tuple[str, str]:
    wait = "dockerize -wait tcp://{{ MYSQL_HOST }}:{{ MYSQL_PORT }} -timeout 60s"
    return "microcred", f"{wait} && {shlex.join(['./manage.py', 'lms', *words])}"


hooks.Filters.CLI_DO_COMMANDS.add_items([microcred_init, microcred_keys])
