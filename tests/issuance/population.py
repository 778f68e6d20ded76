"""Awards in every state they can be in, many at once, as rows: for what staff see. Nothing random, nobody real."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from microcred_xblock.domain import codec
from microcred_xblock.issuance import models
from tests.factories import make_pill, make_results

TITLES = (
    "Fault diagnosis on a wind turbine", "Safe work at height", "Reading electrical diagrams of a nacelle",
    "Hydraulic pitch systems: maintenance and repair", "Data protection for instructors",
)
COURSES = ("course-v1:MiCRET+WT101+2026", "course-v1:MiCRET+WT102+2026", "course-v1:Other+SAFE+2026")
STATES = (
    "delivered", "delivered", "issued", "waiting", "delivered", "failed-delivery", "no-consent", "delivered",
    "revoked", "suspended", "expired", "superseded", "failed-signing", "erased", "withdrawn", "retrying",
)
WALLETS = ("testwallet", "other-wallet")


@dataclass
class Population:
    """The rows, and which state each award was put into."""

    awards: list[models.Award]
    meant: dict[UUID, str]


def populate(count: int, *, now: datetime, batch: int = 2_000, first: int = 0) -> Population:
    """``count`` awards, the newest first, over the last ``count`` minutes."""
    pills = _pills()
    connections = [_connection(wallet, now) for wallet in WALLETS]
    models.Issuer.objects.get_or_create(did="did:web:localhost", defaults={
        "key": "", "name": "Example Training Centre", "legal_name": "x", "legal_identifier": "x", "country": "FRA",
        "url": "https://learn.example/",
    })
    awards, meant = [], {}
    for start in range(first, first + count, batch):
        made = [_award(number, pills, now) for number in range(start, min(start + batch, first + count))]
        models.Award.objects.bulk_create(made)
        _hang_on(made, start, connections, now)
        awards += made
        meant.update({row.pk: STATES[number % len(STATES)] for number, row in enumerate(made, start)})
    return Population(awards=awards, meant=meant)


def _pills() -> list[models.FrozenPill]:
    rows = []
    for number, title in enumerate(TITLES):
        pill = make_pill(id=f"block-v1:MiCRET+WT101+2026+type@learning_pill+block@pill{number}", title=title)
        rows.append(models.FrozenPill.objects.get_or_create(digest=f"{number:064x}", defaults={
            "pill_id": pill.id, "version": pill.version, "achievement": UUID(int=number + 1, version=4), "title": title,
            "content": codec.encode(pill),
        })[0])
    return rows


def _connection(wallet: str, now: datetime) -> models.WalletConnection:
    host, _ = models.WalletHost.objects.get_or_create(key=models.pair_key(wallet, "x"), defaults={
        "wallet_id": wallet, "base_url": f"https://{wallet}.example", "description": {}, "fresh_until": now,
        "fetched_at": now,
    })
    registration, _ = models.ClientRegistration.objects.get_or_create(
        host=host, defaults={"redirect_uri": "x", "key": wallet, "client_id": "x", "secret": "sealed"}
    )
    return models.WalletConnection.objects.get_or_create(
        learner_wallet=models.pair_key("everybody", wallet),
        defaults={
            "learner_id": "1", "wallet_id": wallet, "registration": registration, "tokens": "sealed tokens",
            "expires_at": now, "connected_at": now,
        },
    )[0]


def _award(number: int, pills: list[models.FrozenPill], now: datetime) -> models.Award:
    state, at = STATES[number % len(STATES)], now - timedelta(minutes=number // 2)  # two of each moment
    held = state not in ("revoked", "superseded")
    return models.Award(
        id=UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128, version=4),
        learner_id=str(1_000 + number), learner_pill=f"{number:064x}", active=True if held else None,
        pill=pills[number % len(pills)],
        course_id=COURSES[number % len(COURSES)], results=codec.encode(make_results()) if state != "erased" else [],
        awarded_at=at,
        status=state if state in ("revoked", "suspended", "superseded") else "valid",
        status_at=at if state in ("revoked", "suspended", "superseded") else None,
        expires_at=now - timedelta(days=1) if state == "expired" else None,
        retired_at=now if state == "erased" else None,
    )


def _hang_on(made: list[models.Award], start: int, connections: list[models.WalletConnection], now: datetime) -> None:
    credentials, consents, changes = [], [], []
    for number, row in enumerate(made, start):
        state = STATES[number % len(STATES)]
        if state not in ("no-consent",):
            consents.append(models.Consent(
                award=row, purpose="issue", recipient="did:web:localhost", formats=["ob3", "ob3-jwt", "elm"],
                payload_digest=f"{number:064x}", given_at=row.awarded_at,
                active=None if state == "withdrawn" else True, withdrawn_at=now if state == "withdrawn" else None,
            ))
        if row.status != "valid":
            changes.append(models.StatusChange(
                award=row, action={"revoked": "revoke", "suspended": "suspend"}.get(row.status, "supersede"),
                reason="error", note="The wrong group was graded.", actor="user:1", at=row.awarded_at,
            ))
        for kind in ("ob3", "ob3-jwt", "elm"):
            credentials.append(_credential(row, kind, state, number))
    models.Consent.objects.bulk_create(consents)
    models.StatusChange.objects.bulk_create(changes)
    models.Credential.objects.bulk_create(credentials)
    rows = models.Credential.objects.filter(award__in=[row.pk for row in made], format__in=("ob3", "elm"))
    numbers = {row.pk: number for number, row in enumerate(made, start)}
    sending = [
        _delivery(row, STATES[numbers[row.award_id] % len(STATES)], connections[numbers[row.award_id] // 16 % 2], now)
        for row in rows.only("id", "award_id", "format")
    ]
    models.Delivery.objects.bulk_create([row for row in sending if row is not None])


def _credential(row: models.Award, kind: str, state: str, number: int) -> models.Credential:
    name = UUID(int=row.pk.int ^ (1 if kind == "elm" else 2))
    signing = {"no-consent": "prepared", "failed-signing": "failed", "erased": "erased"}.get(state, "issued")
    return models.Credential(
        award=row, format=kind, credential_id=f"urn:uuid:{name}", salt="salt", issued_at=row.awarded_at,
        valid_from=row.awarded_at, state=signing, document="personal document" if signing == "prepared" else "",
        content=b"personal bytes" if signing == "issued" else b"",
        digest=f"{number:064x}" if signing == "issued" else "",
        signed_at=row.awarded_at if signing == "issued" else None, attempts=1,
        **({"error_code": "certificate-expired", "error_params": {"until": "2026-10-01"},
            "error_class": "misconfigured"} if signing == "failed" else {}),
    )


_SENDINGS = {
    "delivered": {"state": "delivered"}, "revoked": {"state": "delivered"}, "suspended": {"state": "delivered"},
    "expired": {"state": "delivered"}, "superseded": {"state": "delivered"}, "waiting": {"state": "queued"},
    "failed-delivery": {"state": "refused", "error_code": "wallet-forbidden", "error_class": "refused"},
    "retrying": {"state": "waiting-retry", "error_code": "wallet-timeout", "error_class": "unreachable"},
    "withdrawn": {"state": "stopped"},
}


def _delivery(
    row: models.Credential, state: str, connection: models.WalletConnection, now: datetime
) -> models.Delivery | None:
    if state not in _SENDINGS:
        return None
    told = _SENDINGS[state]
    waits = told["state"] in ("queued", "waiting-retry")
    return models.Delivery(
        credential=row, connection=connection, attempts=3, delivered_at=now if told["state"] == "delivered" else None,
        next_attempt_at=now + timedelta(minutes=5) if waits else None, **told,
    )
