"""The SHACL shapes of the EDC application profile; needs the extra ``validation`` (pyshacl, rdflib).

The shapes of EDC-generic-full import those of EDC-generic-no-cv; both are read from the pinned
files, and nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pyld import jsonld

from ..domain.errors import InvalidDocument, Misconfigured
from . import pinned

_SHAPES = ("schemas/EDC-generic-full.ttl", "schemas/EDC-generic-no-cv.ttl")


def validate(document: Mapping[str, Any], dataset: Any = None) -> None:
    """Conformance of ``document`` to the configured profile, never to one it names itself.

    ``dataset`` is its RDF in PyLD's form, where the caller has that already.

    InvalidDocument (``elm-shacl``, with the first messages) when it does not conform, Misconfigured
    (``validation-missing``) without the optional packages.
    """
    problems = violations(document, dataset)
    if problems:
        raise InvalidDocument(
            f"The credential breaks the profile in {len(problems)} places: {problems[0]}",
            code="elm-shacl", problems=problems[:20],
        )


def violations(document: Mapping[str, Any], dataset: Any = None) -> list[str]:
    """Each violation as ``property: constraint``, without values of the document; empty when it conforms."""
    try:
        import pyshacl
        import rdflib
    except ImportError as error:
        raise Misconfigured(
            "Install microcred-xblock[validation] to check credentials with SHACL.", code="validation-missing"
        ) from error
    if dataset is None:
        dataset = jsonld.to_rdf(dict(document), {"documentLoader": pinned.document_loader})
    quads = jsonld.JsonLdProcessor.to_nquads(dataset)
    data = rdflib.Graph().parse(data=quads, format="nt")
    _, results, _ = pyshacl.validate(data, shacl_graph=_shapes(), inference="none", do_owl_imports=False)
    sh = rdflib.Namespace("http://www.w3.org/ns/shacl#")
    found = results.subjects(rdflib.RDF.type, sh.ValidationResult)
    return sorted(
        f"{_short(results.value(one, sh.resultPath))}: {_short(results.value(one, sh.sourceConstraintComponent))}"
        for one in found
    )


@cache
def _shapes() -> Any:
    import rdflib

    graph = rdflib.Graph()
    for path in _SHAPES:
        graph.parse(data=pinned.content(path), format="turtle")
    return graph


def _short(term: Any) -> str:
    return str(term).rpartition("#")[2].rpartition("/")[2]
