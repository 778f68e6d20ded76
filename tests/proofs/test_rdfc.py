"""Safe mode: whatever would not be signed, or not be signed alike by everybody, is refused with its name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcred_xblock.credentials import pinned
from microcred_xblock.domain.errors import InvalidDocument
from microcred_xblock.proofs import rdfc

V2 = "https://www.w3.org/ns/credentials/v2"
OB = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
LOADER = pinned.document_loader


def document(**over):
    """A small badge; ``None`` takes a member away."""
    achievement = {
        "id": "https://a.example/1", "type": ["Achievement"], "name": "n", "tag": ["t"],
        "criteria": {"narrative": "c"}, **over.pop("achievement", {}),
    }
    return {
        "@context": [V2, OB],
        "id": "urn:uuid:1",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": "did:web:a.example", "type": ["Profile"], "name": "i"},
        "credentialSubject": {
            "id": "did:web:b.example", "type": ["AchievementSubject"], "achievement": achievement,
            **over.pop("subject", {}),
        },
        **over,
    }


def refusal(**over) -> InvalidDocument:
    return refusal_of(document(**over))


def refusal_of(item) -> InvalidDocument:
    with pytest.raises(InvalidDocument) as error:
        rdfc.canonical(item, LOADER)
    return error.value


@pytest.mark.parametrize("over", [
    {"grade": "A"}, {"subject": {"grade": "A"}}, {"achievement": {"grade": "A"}},
    {"type": ["VerifiableCredential", "grade"]}, {"subject": {"result": [{"type": ["Result"], "grade": "A"}]}},
    {"issuer": "grade"},
])
def test_undefined_terms_are_named(over):
    error = refusal(**over)
    assert (error.code, error.params["term"]) == ("document-undefined-term", "grade")


@pytest.mark.parametrize("iri", [
    "//evil.example/x", "_:b0", "did:web:a b", "urn:uuid:1\"", "https://a.example/<x>", "https://a.example/{x}", "1:x",
])
def test_identifiers_are_absolute_and_well_formed(iri):
    assert refusal(id=iri).code in ("document-iri", "document-undefined-term")


@pytest.mark.parametrize("relative", ["", "x", "../x", "/x", "#x", "?x", "http"])
def test_no_relative_identifier_is_resolved_against_anything(relative):
    assert refusal(subject={"id": relative}).code == "document-undefined-term"


@pytest.mark.parametrize("character", ["\0", "\x07", "\x08", "\x0b", "\x0c", "\x1f", "\x7f", "\ud800", "\uffff"])
@pytest.mark.parametrize("place", ["name", "tag", "key"])
def test_control_characters_are_refused(character, place):
    over = {
        "name": {"name": f"a{character}"},
        "tag": {"achievement": {"tag": ["a", f"b{character}"]}},
        "key": {f"https://a.example/{character}": "x"},
    }[place]
    error = refusal(**over)
    assert error.code == "document-control" and error.params["character"] == f"U+{ord(character):04X}"


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\rb", 'a"b', "a\\b", "é", "\x85", "\u2028", "🌬", "Ａ"])
def test_other_text_is_taken(text):
    escaped = text.translate({9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\"})
    canonical = rdfc.canonical(document(name=text), LOADER).decode("utf-8")
    assert f'<https://schema.org/name> "{escaped}" .\n' in canonical


@pytest.mark.parametrize("number", [1.0, 1e22, float("nan"), float("inf"), 2**53, -(2**53), 0.1 + 0.2, 1e-7])
def test_numbers_that_readers_read_differently_are_refused(number):
    assert refusal(subject={"creditsEarned": number}).code == "document-number"


def test_numbers_in_canonical_form():
    canonical = rdfc.canonical(document(subject={"creditsEarned": 0.12}), LOADER)
    assert b'"1.2E-1"^^<https://www.w3.org/2001/XMLSchema#float>' in canonical


@pytest.mark.parametrize("over", [
    {"name": None}, {"achievement": {"tag": []}}, {"achievement": {"tag": [["a"]]}}, {"achievement": {"tag": [None]}},
])
def test_what_rdf_cannot_carry_is_refused(over):
    assert refusal(**over).code == "document-empty"


def test_a_statement_made_twice_is_refused():
    """PyLD keeps both lines, other processors one."""
    identifier = {"type": "IdentityObject", "hashed": [True, "true"], "salt": "s"}
    assert refusal(subject={"identifier": [identifier]}).code == "document-duplicate"


def test_deep_nesting_is_refused_before_it_hurts():
    nested: dict = {}
    for _ in range(2000):
        nested = {"criteria": nested}
    assert refusal(achievement=nested).code == "document-empty"


@pytest.mark.parametrize("over", [
    {"@context": V2}, {"@context": []}, {"@context": [V2, OB, {"grade": "https://a.example/grade"}]},
    {"subject": {"@context": [V2]}}, {"@index": "x"}, {"@graph": []}, {"@reverse": {}},
    {"name": {"@value": "x", "@direction": "ltr"}},
])
def test_contexts_are_listed_once_and_syntax_is_plain(over):
    assert refusal(**over).code == "document-keyword"


def test_a_context_that_is_not_pinned_keeps_the_loaders_own_error():
    assert refusal(**{"@context": [V2, "https://evil.example/context"]}).code == "context-unknown"


def test_what_is_not_an_object_is_refused():
    with pytest.raises(InvalidDocument):
        rdfc.canonical([document()], LOADER)


def test_the_callers_document_is_not_changed():
    given_document, same = document(), document()
    rdfc.canonical(given_document, LOADER)
    assert given_document == same


def test_each_loader_keeps_its_own_contexts():
    """PyLD's cache is shared by default: a second loader would be answered with the first one's contexts."""
    def refusing(url, options=None):
        raise InvalidDocument("not here", code="not-here")

    rdfc.canonical(document(), LOADER)
    with pytest.raises(InvalidDocument) as error:
        rdfc.canonical(document(), refusing)
    assert error.value.code == "not-here"


def test_threads_do_not_disturb_each_other():
    documents = [document(id=f"urn:uuid:{number}") for number in range(12)]
    alone = [rdfc.canonical(item, LOADER) for item in documents]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda item: rdfc.canonical(item, LOADER), documents)) == alone


class TestSortOrder:
    """Code points and UTF-16 code units order U+FF21 and U+1F32C differently."""

    def test_texts_that_would_sort_differently_are_refused(self):
        assert refusal(achievement={"tag": ["\U0001f32c", "\uff21"]}).code == "document-sort-order"

    def test_in_the_statements_of_one_blank_node_too(self):
        criteria = {"narrative": ["\U0001f32c", "\uff21"]}
        assert refusal(achievement={"criteria": criteria}).code == "document-sort-order"

    def test_in_statements_that_only_a_hash_puts_side_by_side(self):
        """Unnamed nodes in a graph: their labels keep the lines apart in the whole, not in the graph's hash."""
        def in_graph(texts):
            nodes = [{"https://a.example/q": text} for text in texts]
            return document(proof=[{"type": "DataIntegrityProof", "https://a.example/p": nodes}])

        rdfc.canonical(in_graph(["\U0001f32c", "A"]), LOADER)
        assert refusal_of(in_graph(["\U0001f32c", "\uff21"])).code == "document-sort-order"

    @pytest.mark.parametrize("tags", [["\U0001f32c", "A"], ["\uff21", "A"], ["a\U0001f32c", "b\uff21"]])
    def test_texts_that_sort_alike_are_taken(self, tags):
        rdfc.canonical(document(achievement={"tag": tags}), LOADER)

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.text(alphabet="a\u00e9\ud7ff\ue000\uff21\ufffd\U00010000\U0001f32c", min_size=1), min_size=2,
                    max_size=4, unique=True))
    def test_what_is_accepted_sorts_alike_both_ways(self, tags):
        try:
            canonical = rdfc.canonical(document(achievement={"tag": tags}), LOADER).decode("utf-8")
        except InvalidDocument as error:
            assert error.code == "document-sort-order"
            ordered = sorted(tags, key=lambda tag: f'"{tag}" .')
            assert ordered != sorted(tags, key=lambda tag: f'"{tag}" .'.encode("utf-16-be"))
        else:
            lines = canonical.split("\n")[:-1]
            assert lines == sorted(lines) == sorted(lines, key=lambda line: line.encode("utf-16-be"))
