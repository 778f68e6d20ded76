"""Deliveries a second into a wallet on this machine: ``python -m benchmarks.delivering``.

Each push adapter, with the whole of its checks and the transport's, beside the same bytes to the same wallet by a
pooled ``requests.Session`` that looks at the status alone. The two take turns, so that a busy machine is busy for both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from microcred_xblock.domain.credential import Format, VerifiableCredential
from microcred_xblock.wallets.badge_connect import CREATE, BadgeConnectWallet, Manifest
from microcred_xblock.wallets.europass import EuropassWallet, Recipient
from microcred_xblock.wallets.oauth import Endpoints
from microcred_xblock.wallets.open_badges_api import PATH, UPSERT, OpenBadgesWallet, ServiceDescription
from microcred_xblock.wallets.transport import Policy, Transport

from . import wallet_host

ID = "urn:uuid:5d0f3a3e-6a0e-4d2b-9a53-6f1a2c7b8e01"
BYTES = 12_000  # about what a badge with its picture's address and three outcomes has
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

Contest = tuple[Callable[[], Any], Callable[[], Any]]  # ours, and the bare request


def credential(format_: Format) -> VerifiableCredential:
    """Something of a credential's size."""
    document = {"id": ID, "payload": "x" * BYTES}
    return VerifiableCredential(
        id=ID, format=format_, media_type="application/json", content=json.dumps(document).encode(), extension="json",
    )


def contests(url: str) -> dict[str, Contest]:
    """Each adapter and its bare twin, at the wallet at ``url``."""
    hosts = frozenset({urlsplit(url).netloc})
    transport = Transport(Policy(hosts=hosts, allow_loopback_http=True))
    session = requests.Session()
    session.trust_env = False
    badge, sealed = credential(Format.OPEN_BADGE), credential(Format.ELM)
    ours = OpenBadgesWallet(
        transport=transport, base_url=url, access_token="t" * 40, name="bench",
        description=ServiceDescription(
            name="bench", scopes=(UPSERT,), endpoints=Endpoints(registration=url, authorization=url, token=url,
                                                                refresh=url),
        ),
    )
    connect = BadgeConnectWallet(
        transport=transport, access_token="t" * 40, name="bench", description=Manifest(
            name="bench", scopes=(CREATE,), api=f"{url}/bc",
            endpoints=Endpoints(registration=url, authorization=url, token=url, refresh=url),
        ),
    )
    europass = EuropassWallet(
        transport=transport, base_url=url, recipient=Recipient(user_id="a1"), language="en", name="bench"
    )

    def put_badge() -> None:
        answer = session.post(f"{url}{PATH}/credentials", data=badge.content, headers={
            "Authorization": f"Bearer {'t' * 40}", "Content-Type": "application/json",
        }, timeout=10)
        assert answer.status_code == 201

    def put_assertion() -> None:
        answer = session.post(f"{url}/bc/assertions", json={"assertion": json.loads(badge.content)}, headers={
            "Authorization": f"Bearer {'t' * 40}",
        }, timeout=10)
        assert answer.status_code == 201

    def deposit() -> None:
        answer = session.post(
            f"{url}/api/v1/wallets/a1/credentials?sendEmail=false&locale=en", timeout=10,
            files={"_credential": ("5d0f3a3e.jsonld", sealed.content, sealed.media_type)},
        )
        assert answer.status_code == 200

    return {
        "Open Badges API 3.0": (lambda: ours.deliver(badge, now=NOW), put_badge),
        "Badge Connect 2.1": (lambda: connect.deliver(badge, now=NOW), put_assertion),
        "Europass deposit": (lambda: europass.deliver(sealed, now=NOW), deposit),
    }


def measured(deliveries: int, rounds: int) -> dict[str, dict[str, float]]:
    """Deliveries a second of both, and the median of the rounds' ratios, by adapter."""
    with wallet_host.running() as url:
        return {name: _raced(*contest, deliveries, rounds) for name, contest in contests(url).items()}


def _raced(ours: Callable[[], Any], bare: Callable[[], Any], deliveries: int, rounds: int) -> dict[str, float]:
    for warm in (ours, bare):
        warm()
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    for number in range(rounds):
        turns = [("ours", ours), ("bare", bare)]
        for name, work in turns if number % 2 else reversed(turns):
            began = time.perf_counter()
            for _ in range(deliveries):
                work()
            times[name].append(time.perf_counter() - began)
    ratios = [bare_time / our_time for bare_time, our_time in zip(times["bare"], times["ours"], strict=True)]
    return {
        "ours": deliveries / statistics.median(times["ours"]), "bare": deliveries / statistics.median(times["bare"]),
        "ratio": statistics.median(ratios),
    }


def report(found: dict[str, dict[str, float]]) -> str:
    """A table."""
    lines = [f"{'deliveries a second':24}{'adapter':>10}{'requests':>10}{'ratio':>8}"]
    lines += [f"{name:24}{row['ours']:>10,.0f}{row['bare']:>10,.0f}{row['ratio']:>8.2f}" for name, row in found.items()]
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deliveries", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    print(report(measured(arguments.deliveries, arguments.rounds)))


if __name__ == "__main__":
    main()
