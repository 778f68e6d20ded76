"""The fast path gives the bytes, or the error, of full canonicalisation: for every value a learner may bring."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from microcred_xblock.credentials import pinned
from microcred_xblock.domain.errors import InvalidDocument
from microcred_xblock.proofs import rdfc
from microcred_xblock.proofs.template_cache import LEARNER_FIELDS, TemplateCache

from .conftest import make_badge

LOADER = pinned.document_loader
CONTEXTS = ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]
ISSUER, ACHIEVEMENT = "did:web:a.example", "https://a.example/1"


def document(values: dict[str, str]) -> dict:
    """A small badge with every kind of learner's value; two of its blank nodes differ by values alone."""
    return {
        "@context": CONTEXTS,
        "id": values["id"],
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": ISSUER, "type": ["Profile"], "name": "i"},
        "validFrom": values["validFrom"],
        "awardedDate": values["awardedDate"],
        "credentialSubject": {
            "id": values["subject"],
            "type": ["AchievementSubject"],
            "identifier": [
                {"type": "IdentityObject", "hashed": True, "identityHash": values["hash"],
                 "identityType": "emailAddress", "salt": values["salt"]},
            ],
            "achievement": {
                "id": ACHIEVEMENT, "type": ["Achievement"], "name": "n\u00e9", "criteria": {"narrative": "c"},
                "tag": ["fixed"],
            },
            "result": [{"type": ["Result"], "value": values["one"]}, {"type": ["Result"], "value": values["two"]}],
        },
        "evidence": [{"id": values["evidence"], "type": ["Evidence"], "narrative": values["narrative"]}],
    }


PLAIN = {
    "id": "urn:uuid:1", "validFrom": "2026-11-20T10:00:00Z", "awardedDate": "2026-11-20T09:00:00Z",
    "subject": "did:web:b.example", "hash": "sha256$00", "salt": "s", "one": "1", "two": "2",
    "evidence": "https://a.example/evidence/1", "narrative": "four of five",
}
IDENTIFIERS = ("id", "subject", "evidence")

nasty_text = st.one_of(
    st.text(max_size=8),
    st.text(alphabet="\"\\\n\r\t ab<>_:.^@%{}é\u2028\x85\U0001f32c\uff21\ue000\ud7ff", max_size=8),
    st.text(alphabet="\0\x07\x08\x0b\x0c\x1f\x7f\ud800\udfff\ufffe\uffff a", max_size=3),
    st.sampled_from([
        "", "1", "2", "fixed", "c", "x-gap-0-end", "x-gap-6-end", "urn:x-gap-0-end", '"^^<x>', "_:c14n0", "_:a", ISSUER,
        "%s", "{}", "2026-11-20T10:00:00Z", '" .\n_:c14n0 <https://a.example/p> "', "@type", "Result",
    ]),
)
nasty_identifier = st.one_of(
    st.sampled_from([
        ISSUER, ACHIEVEMENT, "urn:uuid:1", "did:web:b.example", "", "x", "_:b0", "urn:", "urn://x", "did:", "https://",
        "http://a.example", "HTTPS://a.example", "https://a.example/../b", "https://a.example/./b", "https:a", "//a",
        "https://a.example/<x>", "https://a.example/é", "https://a.example/ b", "urn:x-gap-0-end", "mailto:a@b.example",
        "xsd:string", "https://a.example/%7B", "https://schema.org/name", "type", "@id", "https://a.example/\\",
        "https://www.w3.org/2018/credentials#VerifiableCredential", "https://a.example/%s",
    ]),
    st.from_regex(r"(urn:uuid:|did:web:|https://)[a-z0-9./:#?%=-]{0,6}", fullmatch=True),
    nasty_text,
)
def _learner(names: list[str]) -> st.SearchStrategy[dict[str, str]]:
    values = {name: nasty_identifier if name in IDENTIFIERS else nasty_text for name in names}
    return st.fixed_dictionaries({name: values.get(name, st.just(PLAIN[name])) for name in PLAIN})


#: Few fields at a time: one value that the template cannot take hides what it does with the others.
learners = st.lists(st.sampled_from(sorted(PLAIN)), min_size=1, max_size=3, unique=True).flatmap(_learner)
#: One cache for all examples, so that templates made by one are filled by others.
CACHE = TemplateCache()


def outcome(canonical, item):
    """The canonical bytes, or the code of the refusal."""
    try:
        return canonical(item, LOADER)
    except InvalidDocument as error:
        return error.code, error.params


def assert_same(cache: TemplateCache, item: dict) -> None:
    untouched = copy.deepcopy(item)
    assert outcome(cache.canonical, item) == outcome(rdfc.canonical, item)
    assert item == untouched


@settings(max_examples=120, deadline=None)
@given(learners)
@example(PLAIN)
def test_same_bytes_or_same_refusal(values):
    assert_same(CACHE, document(values))


@pytest.mark.parametrize("value", [
    {"one": "2"}, {"evidence": PLAIN["id"]}, {"subject": ISSUER}, {"id": ACHIEVEMENT}, {"evidence": "urn:uuid:7"},
    {"evidence": "https:a"}, {"evidence": "HTTPS://a.example"}, {"id": "urn:uuid:{}"}, {"evidence": "https://a.example/é"},
    {"id": "urn:"}, {"subject": "did:web:b c"}, {"subject": ""}, {"salt": "\U0001f32c", "hash": "\uff21"},
    {"narrative": "\x0b"}, {"narrative": "\x7f"}, {"validFrom": "\x00"}, {"salt": "\ud800"}, {"salt": "\uffff"},
], ids=str)
def test_what_the_template_must_leave_to_the_full_algorithm(value):
    cache = TemplateCache()
    cache.canonical(document(PLAIN), LOADER)
    assert_same(cache, document(PLAIN | value))
    assert cache.info().fast == 0


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({
    name: st.just(PLAIN[name]) if name in IDENTIFIERS else st.text(
        alphabet="\"\\\n\r\t ab<>_:.^@%{}é\u2028", max_size=8
    ) for name in PLAIN
}))
def test_same_bytes_for_text_that_the_template_must_take(values):
    cache = TemplateCache()
    cache.canonical(document(PLAIN), LOADER)
    assert_same(cache, document(values))
    assert cache.info().fast == (values["one"] != values["two"]), "equal results are tied blank nodes"


@pytest.mark.parametrize("first", [
    PLAIN, PLAIN | {"one": "2"}, PLAIN | {"narrative": "\uff21"}, PLAIN | {"evidence": ISSUER},
    PLAIN | {"evidence": "mailto:a@b.example"}, PLAIN | {"narrative": "x-gap-0-end"},
])
def test_whoever_comes_first_makes_no_difference(first):
    cache = TemplateCache()
    for values in (first, PLAIN, PLAIN | {"one": "9", "two": "0"}, PLAIN | {"narrative": "\U0001f32c"}):
        assert_same(cache, document(values))
    assert cache.info().fast >= 1


def test_blank_node_labels_move_with_the_learners_values():
    """The reason why text substitution alone is unsound: the same template gives different labels."""
    cache = TemplateCache()
    seen = set()
    for number in range(12):
        item = document(PLAIN | {"one": str(number), "two": f"other {number}"})
        assert_same(cache, item)
        canonical = cache.canonical(item, LOADER).decode("utf-8")
        seen.add(next(line.split()[0] for line in canonical.split("\n") if f'"{number}"' in line))
    assert len(seen) > 1
    assert cache.info().full == 1


class TestShape:
    """Anything that differs outside the learner's fields is another template."""

    @pytest.mark.parametrize("change", [
        lambda d: d["credentialSubject"]["achievement"].update(name="other"),
        lambda d: d["issuer"].update(id="did:web:c.example"),
        lambda d: d["credentialSubject"]["identifier"][0].update(hashed=1),
        lambda d: d["credentialSubject"]["identifier"][0].update(hashed="true"),
        lambda d: d["credentialSubject"].pop("identifier"),
        lambda d: d["credentialSubject"]["result"].pop(),
        lambda d: d["credentialSubject"]["result"].append({"type": ["Result"], "value": "3"}),
        lambda d: d["credentialSubject"]["result"][0].update(status="Completed"),
        lambda d: d["credentialSubject"]["achievement"].update(tag=["fixed", "more"]),
        lambda d: d.update(evidence=d["evidence"][0]),
        lambda d: d["evidence"][0].update(narrative=["a", "b"]),
        lambda d: d["evidence"][0].update(narrative={"@value": "four of five"}),
        lambda d: d.update({"@context": [*CONTEXTS, "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"]}),
        lambda d: d.update(undefined="x"),
        lambda d: d.update(validFrom=None),
    ])
    def test_is_noticed(self, change):
        cache = TemplateCache()
        cache.canonical(document(PLAIN), LOADER)
        other = document(PLAIN)
        change(other)
        assert_same(cache, other)
        assert_same(cache, document(PLAIN))

    @pytest.mark.parametrize("numbers", [(1, True), (True, 1), (0.5, "0.5"), (2, 3)])
    def test_equal_is_not_the_same(self, numbers):
        cache = TemplateCache()
        for number in numbers:
            item = document(PLAIN)
            item["credentialSubject"]["creditsEarned"] = number
            assert_same(cache, item)

    def test_order_of_keys_is_none_of_its_business(self):
        cache = TemplateCache()
        assert_same(cache, document(PLAIN))
        assert_same(cache, dict(reversed(document(PLAIN).items())))
        assert cache.info().fast == 1


class TestFields:
    """Fields that are no good as gaps cost speed, never truth."""

    def rows(self, fields, *changes):
        cache = TemplateCache(fields=fields)
        for change in changes:
            item = document(PLAIN)
            change(item)
            assert_same(cache, item)
        return cache.info()

    def test_values_of_one_set_that_become_equal(self):
        info = self.rows(
            ("credentialSubject.achievement.tag.*",),
            lambda d: d["credentialSubject"]["achievement"].update(tag=["a", "b"]),
            lambda d: d["credentialSubject"]["achievement"].update(tag=["c", "a"]),
            lambda d: d["credentialSubject"]["achievement"].update(tag=["c", "c"]),
            lambda d: d["credentialSubject"]["achievement"].update(tag=["\U0001f32c", "\uff21"]),
        )
        assert info.fast == 1

    def test_types_and_references(self):
        info = self.rows(
            ("credentialSubject.result.*.type.*", "issuer.id", "type.*"),
            lambda d: None,
            lambda d: d["credentialSubject"]["result"][0].update(type=["Evidence"]),
            lambda d: d.update(type=["VerifiableCredential", "AchievementCredential"]),
            lambda d: d["issuer"].update(id="did:web:c.example"),
        )
        assert info.fast == 0

    def test_numbers_as_text(self):
        self.rows(
            ("credentialSubject.creditsEarned",),
            lambda d: d["credentialSubject"].update(creditsEarned="1"),
            lambda d: d["credentialSubject"].update(creditsEarned="1.0"),
            lambda d: d["credentialSubject"].update(creditsEarned=1),
        )

    def test_text_that_is_normalised(self):
        def double(text):
            typed = {"@value": text, "@type": "http://www.w3.org/2001/XMLSchema#double"}
            return lambda d: d.update(description=typed)

        info = self.rows(("description.@value",), double("x"), double("y"), double("1"), double("1.0"))
        assert info.fast == 0

    def test_text_that_looks_like_a_marker(self):
        def named(identity_hash):
            def change(item):
                item["issuer"]["name"] = "x-gap-0-end"
                item["credentialSubject"]["identifier"][0]["identityHash"] = identity_hash

            return change

        fields = ("credentialSubject.identifier.*.identityHash",)
        assert self.rows(fields, named("x-gap-0-end"), named("other")).fast == 0

    def test_two_identifiers_that_become_one(self):
        info = self.rows(
            LEARNER_FIELDS,
            lambda d: d["evidence"][0].update(id="urn:uuid:2"),
            lambda d: d["evidence"][0].update(id="urn:uuid:1"),
            lambda d: d["evidence"][0].update(id="urn:uuid:3"),
        )
        assert info.fast == 1

    def test_nodes_that_are_always_tied(self):
        def tied(item):
            item["credentialSubject"]["achievement"]["alignment"] = [
                {"type": ["Alignment"], "targetName": "a", "targetUrl": "https://a.example"} for _ in range(2)
            ]

        info = self.rows(LEARNER_FIELDS, tied, tied, tied)
        assert (info.fast, info.templates) == (0, 1), "what cannot be templated is tried once"


class TestBounds:
    def test_templates_are_bounded_and_the_least_used_goes_first(self):
        cache = TemplateCache(max_templates=3)
        documents = []
        for number in range(5):
            item = document(PLAIN)
            item["credentialSubject"]["achievement"]["id"] = f"https://a.example/{number}"
            documents.append(item)
        for item in documents[:3]:
            cache.canonical(item, LOADER)
        cache.canonical(documents[0], LOADER)
        cache.canonical(documents[3], LOADER)
        assert cache.info().templates == 3
        fast = cache.info().fast
        cache.canonical(documents[0], LOADER)
        assert cache.info().fast == fast + 1
        cache.canonical(documents[1], LOADER)
        assert cache.info().fast == fast + 1

    def test_many_shapes_of_one_achievement_are_bounded_too(self):
        cache = TemplateCache(max_templates=100)
        for number in range(20):
            item = document(PLAIN)
            item["issuer"]["name"] = str(number)
            assert_same(cache, item)
        assert cache.info().templates <= 8

    def test_another_loader_gets_its_own_templates(self):
        def refusing(url, options=None):
            raise InvalidDocument("not here", code="not-here")

        cache = TemplateCache()
        cache.canonical(document(PLAIN), LOADER)
        with pytest.raises(InvalidDocument) as error:
            cache.canonical(document(PLAIN), refusing)
        assert error.value.code == "not-here"

    def test_may_be_shared_by_threads(self):
        cache = TemplateCache(max_templates=2)
        items = []
        for number in range(24):
            item = document(PLAIN | {"one": f"a{number}"})
            item["credentialSubject"]["achievement"]["id"] = f"https://a.example/{number % 3}"
            items.append(item)
        expected = [rdfc.canonical(item, LOADER) for item in items]
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda item: cache.canonical(item, LOADER), items)) == expected


def test_the_real_badge_takes_the_fast_path():
    cache = TemplateCache()
    for number in range(3):
        identifier = f"urn:uuid:0a1c6d1e-53f5-4c39-8f0e-5a5d5f3c2b1{number}"
        item = make_badge(credential_id=identifier, salt=f"{number}" * 32, evidence_url=f"https://e.example/{number}")
        assert_same(cache, item.document)
    assert cache.info().fast == 2 and cache.info().full == 1
