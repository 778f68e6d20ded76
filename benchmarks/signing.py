"""Open Badges composed and signed per second on one core: ``python -m benchmarks.signing``.

Everything runs in one go, pinned to one core, with the same learners and the same key, and all
must arrive at the same ``proofValue``. Rates are per second of processor time. The contestants:

``floor``           SHA-256 and Ed25519 alone, over canonical bytes made beforehand
``compose``         composing alone, for comparison
``template``        compose, then ``data_integrity.secure`` with a ``TemplateCache``
``full``            the same without the cache
``pyld``            compose, then PyLD's ``normalize`` with warm contexts and nothing else, hash, sign
``digital-bazaar``  ``@digitalbazaar/vc`` in node, documents composed beforehand
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyld import jsonld
from pyld.context_resolver import ContextResolver

from microcred_xblock.credentials import open_badges, pinned
from microcred_xblock.domain.award import Award
from microcred_xblock.domain.credential import Credential
from microcred_xblock.proofs import data_integrity, did, multibase, rdfc
from microcred_xblock.proofs.keys import LocalKey
from tests import factories
from tests.verifiers import node

AWARD, ISSUER, HOLDER = factories.make_award(), factories.make_issuer(), factories.make_holder()
SEED = bytes(range(32))
KEY = LocalKey(Ed25519PrivateKey.from_private_bytes(SEED))
METHOD = did.multikey_method(ISSUER.id, KEY)
LOADER = pinned.document_loader


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one contestant did: seconds per credential, the median of all repetitions."""

    name: str
    seconds: float

    @property
    def rate(self) -> float:
        """Credentials per second."""
        return 1 / self.seconds


@cache
def award_of(number: int) -> Award:
    """The award of learner ``number``: own id, scores and time."""
    earned = {block: str(4 + (number >> bit & 1)) for bit, block in enumerate(factories.EARNED)}
    at = factories.AWARDED_AT - timedelta(seconds=number)
    results = factories.make_results(scores=factories.make_scores(earned, at=at))
    return replace(AWARD, id=UUID(int=number), results=results, awarded_at=at)


def compose(number: int) -> Credential:
    """The badge of learner ``number``."""
    return open_badges.compose(
        award_of(number), ISSUER, HOLDER, credential_id=f"urn:uuid:{UUID(int=1 << 64 | number)}",
        achievement_id=factories.ACHIEVEMENT_ID, salt=f"{number:032x}", valid_from=factories.NOW,
        evidence_url=f"https://learn.example/microcred/achievements/{number}",
    )


def ours(templates: data_integrity.TemplateCache | None) -> Callable[[int], str]:
    """Compose and secure; gives the proof's value."""
    def sign(number: int) -> str:
        secured = data_integrity.secure(
            compose(number), key=KEY, verification_method=METHOD, now=factories.NOW, loader=LOADER, cache=templates
        )
        start = secured.content.rindex(b'"proofValue":"') + len('"proofValue":"')
        return secured.content[start:secured.content.index(b'"', start)].decode("ascii")

    return sign


def pyld() -> Callable[[int], str]:
    """Compose, canonicalise with PyLD alone, hash, sign."""
    options = {
        "algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": LOADER,
        "contextResolver": ContextResolver({}, LOADER),
    }
    proof = {
        "type": "DataIntegrityProof", "cryptosuite": data_integrity.CRYPTOSUITE, "created": "2026-11-20T10:05:00Z",
        "verificationMethod": METHOD, "proofPurpose": "assertionMethod",
    }

    def digest(document: dict[str, Any]) -> bytes:
        return hashlib.sha256(jsonld.normalize(document, options).encode()).digest()

    def sign(number: int) -> str:
        document = compose(number).document
        data = digest({"@context": document["@context"], **proof}) + digest(document)
        value = multibase.encode(KEY.sign(data))
        json.dumps({**document, "proof": [{**proof, "proofValue": value}]}, ensure_ascii=False).encode()
        return value

    return sign


def floor(numbers: Sequence[int]) -> Callable[[int], str]:
    """Hash and sign canonical bytes that are there already."""
    canonical = {number: rdfc.canonical(compose(number).document, LOADER) for number in numbers}
    options = b"x" * 600  # about as long as canonical proof options
    private = Ed25519PrivateKey.from_private_bytes(SEED)

    def sign(number: int) -> str:
        private.sign(hashlib.sha256(options).digest() + hashlib.sha256(canonical[number]).digest())
        return ""

    return sign


def measure(name: str, sign: Callable[[int], str], numbers: Sequence[int], repetitions: int) -> Row:
    """Each repetition signs for all ``numbers``; the first, unmeasured one warms up."""
    seconds = []
    for repetition in range(repetitions + 1):
        start = time.process_time()
        for number in numbers:
            sign(number)
        if repetition:
            seconds.append((time.process_time() - start) / len(numbers))
    return Row(name=name, seconds=median(seconds))


def digital_bazaar(numbers: Sequence[int], repetitions: int) -> tuple[Row, list[str]]:
    """Digital Bazaar's stack on composed documents, and the proof values it arrived at."""
    subject = {
        "documents": [compose(number).document for number in numbers],
        "key": {
            "type": "Multikey", "id": METHOD, "controller": ISSUER.id, "publicKeyMultibase": KEY.public_multikey(),
            "secretKeyMultibase": multibase.encode(b"\x80\x26" + SEED),
        },
        "created": "2026-11-20T10:05:00Z",
        "repetitions": repetitions,
    }
    result = node.run("sign.mjs", str(node.PINNED), input=json.dumps(subject))
    seconds = median(result["seconds"]) / len(numbers)
    return Row(name="digital-bazaar", seconds=seconds), result["proofValues"]


def resident_memory() -> int:
    """Resident memory of this process in bytes; its maximum where the system tells no more."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(*, slow: int, fast: int, repetitions: int) -> dict[str, Any]:
    """All contestants; ``slow`` and ``fast`` are how many credentials each kind signs per repetition."""
    few, many = range(slow), range(fast)
    templates = data_integrity.TemplateCache()
    for number in many:
        award_of(number)
    before = resident_memory()
    rows = [
        measure("template", ours(templates), many, repetitions),
        measure("compose", lambda number: compose(number).id, many, repetitions),
        measure("floor", floor(few), few, repetitions * 20),
        measure("full", ours(None), few, repetitions),
        measure("pyld", pyld(), few, repetitions),
    ]
    memory = resident_memory()
    values = [[sign(number) for number in few] for sign in (ours(templates), ours(None), pyld())]
    problem = node.problem()
    if not problem:
        row, theirs = digital_bazaar(few, repetitions)
        rows.append(row)
        values.append(theirs)
    return {
        "rows": {row.name: row for row in rows},
        "agree": all(value == values[0] for value in values),
        "bytes": len(json.dumps(compose(0).document)),
        "cache": templates.info(),
        "memory_before": before,
        "memory": memory,
        "problem": problem,
    }


def report(result: dict[str, Any]) -> str:
    """The result as a table of rates and ratios."""
    rows = result["rows"]
    template = rows["template"]
    lines = [
        f"Open Badge of {result['bytes'] / 1000:.0f} kB, composed and signed (eddsa-rdfc-2022), one core",
        "",
        f"{'':16}{'per second':>12}{'µs each':>12}{'times template':>18}",
    ]
    for name in ("floor", "compose", "template", "full", "pyld", "digital-bazaar"):
        if name in rows:
            row = rows[name]
            lines.append(
                f"{name:16}{row.rate:12.0f}{row.seconds * 1e6:12.0f}{row.seconds / template.seconds:18.2f}"
            )
    lines += [
        "",
        f"answered by templates: {result['cache'].fast}, in full: {result['cache'].full}",
        f"resident memory: {result['memory'] / 1e6:.0f} MB ({result['memory_before'] / 1e6:.0f} MB at the start)",
        f"same proofValue from all: {'yes' if result['agree'] else 'NO'}",
    ]
    if result["problem"]:
        lines.append(f"without Digital Bazaar: {result['problem']}")
    return "\n".join(lines)


def main() -> int:
    """Prints the table; fails if the contestants disagree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slow", type=int, default=20, help="credentials per repetition in full (default 20)")
    parser.add_argument("--fast", type=int, default=1000, help="credentials per repetition by template (default 1000)")
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = vars(parser.parse_args())
    if hasattr(os, "sched_setaffinity"):  # also for the node process
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    result = run(**arguments)
    print(report(result))
    return 0 if result["agree"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
