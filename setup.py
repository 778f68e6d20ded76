"""Packaging of microcred_xblock; everything static is in pyproject.toml."""

from pathlib import Path

from setuptools import find_namespace_packages, setup

ROOT = Path(__file__).parent
VERSION = next(
    line.split('"')[1]
    for line in (ROOT / "microcred_xblock" / "__init__.py").read_text(encoding="utf-8").splitlines()
    if line.startswith("__version__")
)

setup(
    name="microcred-xblock",
    version=VERSION,
    description="Open edX learning pills that earn European micro-credentials (Open Badges 3.0 and ELM v3)",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_namespace_packages(include=["microcred_xblock", "microcred_xblock.*"]),
    include_package_data=True,
    install_requires=[
        "XBlock>=5.2",
        'web-fragments>=3.1; python_version < "3.12"',  # newer XBlock carries it; see docs/decisions
        "openedx-filters>=2.1",
        "openedx-events>=9",
        "djangorestframework>=3.14",
        "drf-spectacular>=0.26",
        "requests>=2.32",
        "urllib3>=2",  # what requests is made of; wallets.transport pins addresses with its connections
        "lxml>=5.3",
        "cryptography>=43",
        "Django>=4.2,<6",
        "celery>=5.5",
        "PyLD>=3",
        "jwcrypto>=1.5.6",
        "jsonschema>=4.20",
        "Pillow>=10",
        "resvg-py>=0.5",
        "fpdf2>=2.8.3",  # these three: the page to print, docs/decisions/0030
        "uharfbuzz>=0.45",
        "segno>=1.6",
    ],
    extras_require={
        # Exactly what the demo pill was tried with: docs/decisions/0008.
        "demo": [
            "xblock-sdk>=0.14",
            "setuptools<82",  # xblock-sdk's fs still imports pkg_resources
            "xblock-drag-and-drop-v2==5.1.2; python_version >= '3.12'",
            "xblock-drag-and-drop-v2==5.0.3; python_version < '3.12'",
            "xblock-problem-builder==5.2.1",
            "PyNaCl>=1.5",
            "PyJWT>=2.8",
        ],
        "validation": ["pyshacl>=0.26", "rdflib>=7"],
        "xapi": ["edx-event-routing-backends>=9.3"],
    },
    entry_points={
        "xblock.v1": ["learning_pill = microcred_xblock.learning_pill:LearningPillBlock"],
        "lms.djangoapp": ["microcred_xblock = microcred_xblock.issuance.apps:IssuanceConfig"],
        "cms.djangoapp": ["microcred_xblock = microcred_xblock.issuance.apps:IssuanceConfig"],
    },
    classifiers=[
        "Framework :: Django :: 4.2",
        "Framework :: Django :: 5.2",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
    ],
)
