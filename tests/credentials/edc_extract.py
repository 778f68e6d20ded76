"""The structure of the EDC application profile, read from its SHACL shapes, in the JSON keys of its context.

``extract()`` is what ``schemas/edc_generic.json`` must hold: for each class its properties with
cardinality and range, and for a property with a mandatory vocabulary the concept scheme.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import rdflib
from rdflib.namespace import RDF

ROOT = files("microcred_xblock.credentials")
SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
SKOS = rdflib.Namespace("http://www.w3.org/2004/02/skos/core#")
CRED = "https://www.w3.org/2018/credentials#"
EDC = rdflib.Namespace("http://data.europa.eu/snb/model/ap/edc-generic-no-cv/")


def extract() -> dict[str, Any]:
    """``{"classes": {class: {key: {min, max, range | datatype[, scheme]}}}}``, with sorted keys."""
    terms = _terms()
    base, full = _graph("EDC-generic-no-cv.ttl"), _graph("EDC-generic-full.ttl")
    schemes = _schemes(full, terms)
    claims = sorted(
        terms[str(base.value(shape, SH["class"]))]
        for alternative in base.items(base.value(EDC.ClaimNodeShape, SH["or"]))
        for shape in [alternative]
        if base.value(shape, SH["class"]) is not None and str(base.value(shape, SH["class"])) in terms
    )
    classes: dict[str, Any] = {}
    for shape in base.subjects(RDF.type, SH.NodeShape):
        for target in base.objects(shape, SH.targetClass):
            name = terms.get(str(target))
            if name is None:
                continue
            properties = classes.setdefault(name, {})
            for shape_property in base.objects(shape, SH.property):
                key = terms.get(str(base.value(shape_property, SH.path)))
                if key is None:
                    continue
                properties[key] = _property(base, shape_property, terms, claims)
                if (name, key) in schemes:
                    properties[key]["scheme"] = schemes[name, key]
    return {"classes": {name: dict(sorted(classes[name].items())) for name in sorted(classes)}}


def _property(graph: rdflib.Graph, node: Any, terms: dict[str, str], claims: list[str]) -> dict[str, Any]:
    least, most = graph.value(node, SH.minCount), graph.value(node, SH.maxCount)
    found: dict[str, Any] = {"min": int(least or 0), "max": None if most is None else int(most)}
    datatype = graph.value(node, SH.datatype)
    if datatype is not None:
        found["datatype"] = str(datatype).rpartition("#")[2]
        if graph.value(node, SH.uniqueLang) is not None:
            found["unique"] = True
        return found
    ranges = [graph.value(node, SH["class"])]
    alternatives = graph.value(node, SH["or"])
    if alternatives is not None:
        ranges = [graph.value(item, SH["class"]) for item in graph.items(alternatives)]
    names = sorted(terms[str(range_)] for range_ in ranges if range_ is not None and str(range_) in terms)
    if graph.value(node, SH.node) == EDC.ClaimNodeShape:
        names = claims
    if names:
        found["range"] = names
    elif graph.value(node, SH.nodeKind) == SH.Literal:
        found["datatype"] = "string"
    elif graph.value(node, SH.nodeKind) == SH.IRI:
        found["datatype"] = "anyURI"
    return found


def _schemes(graph: rdflib.Graph, terms: dict[str, str]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for shape in graph.subjects(RDF.type, SH.NodeShape):
        for target in graph.objects(shape, SH.targetClass):
            for node in graph.objects(shape, SH.property):
                key = terms.get(str(graph.value(node, SH.path)))
                restriction = graph.value(node, SH.node)
                if key is None or restriction is None or str(target) not in terms:
                    continue
                for inner in graph.objects(restriction, SH.property):
                    scheme = graph.value(inner, SH.hasValue)
                    if graph.value(inner, SH.path) == SKOS.inScheme and scheme is not None:
                        found[terms[str(target)], key] = str(scheme)
    return found


def _terms() -> dict[str, str]:
    """Full IRI to the key or type name of the JSON documents."""
    context = json.loads((ROOT / "contexts/edc-ap.jsonld").read_text(encoding="utf-8"))["@context"]
    prefixes = {key: value for key, value in context.items() if isinstance(value, str) and value.endswith(("#", "/"))}
    terms: dict[str, str] = {}
    for key, value in context.items():
        compact = value["@id"] if isinstance(value, dict) else value
        prefix, _, name = compact.partition(":")
        if prefix in prefixes:
            terms[prefixes[prefix] + name] = key
    credential = (
        "credentialSchema", "credentialSubject", "evidence", "expirationDate", "holder", "issuanceDate", "issued",
        "issuer", "termsOfUse", "validFrom", "validUntil",
    )
    return terms | {CRED + key: key for key in credential}


def _graph(name: str) -> rdflib.Graph:
    return rdflib.Graph().parse(data=(ROOT / "schemas" / name).read_text(encoding="utf-8"), format="turtle")


if __name__ == "__main__":
    print(json.dumps(extract(), indent=1, ensure_ascii=False))
