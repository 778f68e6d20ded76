"""Status lists against the standard's own numbers, against any input, and against a decoder that others wrote."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from microcred_xblock.credentials import open_badges, pinned, status_list
from microcred_xblock.domain.errors import InvalidDocument
from microcred_xblock.proofs import rdfc
from tests.verifiers import node

URL = "https://learn.example/microcred/status/6f1c/revocation"
NOW = datetime(2026, 11, 25, 9, 30, 15, 250_000, tzinfo=UTC)
SIZE = status_list.MIN_ENTRIES
INDICES = st.sets(st.integers(0, SIZE - 1), max_size=40)
# An empty list of the least size, as §2.2 of the recommendation shows one (example 5).
SPEC_EXAMPLE = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"


def compose(**over):
    values = {
        "issuer": "did:web:learn.example", "purpose": "revocation", "encoded": status_list.encode([], SIZE),
        "ttl": 300_000, "valid_from": NOW, "valid_until": NOW + timedelta(days=1),
    }
    return status_list.compose(URL, **{**values, **over})


class TestBits:
    def test_the_standard_s_example_is_an_empty_list(self):
        assert status_list.decode(SPEC_EXAMPLE) == bytes(16_384)

    def test_the_first_entry_is_the_leftmost_bit(self):
        bits = status_list.decode(status_list.encode([0, 9, SIZE - 1], SIZE))
        assert (bits[0], bits[1], bits[-1]) == (0b1000_0000, 0b0100_0000, 0b0000_0001)
        assert len(bits) == 16 * 1024

    def test_no_time_and_no_padding_in_it(self):
        encoded = status_list.encode([7], SIZE)
        assert encoded[0] == "u" and "=" not in encoded
        header = base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4))[:8]
        assert header == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"
        assert status_list.encode([7, 7], SIZE) == encoded

    @given(INDICES)
    @settings(max_examples=30)
    def test_what_is_set_is_set_and_nothing_else(self, indices):
        bits = status_list.decode(status_list.encode(indices, SIZE))
        assert sum(byte.bit_count() for byte in bits) == len(indices)
        assert all(status_list.is_set(bits, index) for index in indices)

    @pytest.mark.parametrize("size", [0, 8, SIZE - 8, SIZE + 1, status_list.MAX_ENTRIES + 8])
    def test_a_list_has_a_size_that_the_standard_allows(self, size):
        with pytest.raises(InvalidDocument) as refused:
            status_list.encode([], size)
        assert refused.value.code == "status-list-size"

    @pytest.mark.parametrize("index", [-1, SIZE])
    def test_an_index_outside_is_refused(self, index):
        for work in (
            lambda: status_list.encode([index], SIZE), lambda: status_list.is_set(bytes(SIZE // 8), index)
        ):
            with pytest.raises(InvalidDocument) as refused:
                work()
            assert refused.value.code == "status-list-index"


def packed(data: bytes) -> str:
    return "u" + base64.urlsafe_b64encode(data).decode().rstrip("=")


class TestDecoding:
    @given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(packed)))
    @example("u")
    @example("")
    @example("z" + SPEC_EXAMPLE[1:])
    @example(SPEC_EXAMPLE + "=")
    @example(SPEC_EXAMPLE[:-8])
    @example(packed(gzip.compress(bytes(16_383))))
    @example(packed(gzip.compress(bytes(16_384)) + gzip.compress(b"more")))
    @example("u\u0661" + SPEC_EXAMPLE[2:])
    def test_anything_else_is_refused_in_one_way(self, text):
        with pytest.raises(InvalidDocument) as refused:
            status_list.decode(text)
        assert refused.value.code == "status-list"

    def test_a_bomb_is_not_expanded(self):
        bomb = packed(gzip.compress(bytes(50_000_000)))
        assert len(bomb) < 100_000
        with pytest.raises(InvalidDocument):
            status_list.decode(bomb)
        with pytest.raises(InvalidDocument):
            status_list.decode(status_list.encode([], SIZE * 2), max_entries=SIZE)


class TestDocuments:
    def test_the_credential(self):
        document = compose()
        assert document == {
            "@context": ["https://www.w3.org/ns/credentials/v2"], "id": URL,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"], "issuer": "did:web:learn.example",
            "validFrom": "2026-11-25T09:30:15Z", "validUntil": "2026-11-26T09:30:15Z",
            "credentialSubject": {
                "id": f"{URL}#list", "type": "BitstringStatusList", "statusPurpose": "revocation",
                "encodedList": document["credentialSubject"]["encodedList"], "ttl": 300_000,
            },
        }

    def test_every_term_of_it_is_signed(self):
        nquads = rdfc.canonical(compose(), pinned.document_loader).decode()
        for term in ("statusPurpose", "encodedList", "ttl", "BitstringStatusList>", "BitstringStatusListCredential>"):
            assert f"status#{term}" in nquads

    def test_the_entry_stands_in_a_badge_that_both_validate(self, compose_badge):
        entry = status_list.entry(URL, 94_567, "revocation")
        assert entry["statusListIndex"] == "94567" and entry["id"] != entry["statusListCredential"] == URL
        document = compose_badge(
            status=entry, refresh_service="https://learn.example/microcred/refresh/1",
            valid_until=NOW + timedelta(days=30),
        ).document
        open_badges.validate(document, signed=False)
        nquads = rdfc.canonical(document, pinned.document_loader).decode()
        assert '"94567"' in nquads and "vccr/v1p0/context.json#1EdTechCredentialRefresh" in nquads


@pytest.mark.node
class TestAnotherDecoder:
    """Digital Bazaar's bitstring, bit by bit."""

    def test_reads_the_same_bits(self):
        @given(st.lists(INDICES, min_size=6, max_size=6))
        @settings(max_examples=4, deadline=None)
        def compare(lists):
            verdicts = node.verdicts("bits", [{"encodedList": status_list.encode(item, SIZE)} for item in lists])
            assert [verdict.get("set", verdict) for verdict in verdicts] == [sorted(item) for item in lists]
            assert {verdict["length"] for verdict in verdicts} == {SIZE}

        node.require()
        compare()

    def test_larger_lists_too(self):
        size = SIZE * 2 + 8
        (verdict,) = node.verdicts("bits", [{"encodedList": status_list.encode([0, size - 1], size)}])
        assert verdict == {"verified": True, "length": size, "set": [0, size - 1]}
