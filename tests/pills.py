"""Pills for tests of the block, in the real workbench runtime."""

from __future__ import annotations

import json
from types import SimpleNamespace

import webob
from workbench.runtime import WorkbenchRuntime

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path d="M0 0h10v10z" fill="#123"/></svg>'
PILL = f"""
<learning_pill url_name="pill" display_name="Fault diagnosis" language="en">
  <summary>Find out why a turbine stops.</summary>
  <outcome id="locate" title="Locate a fault" threshold="0.7">
    <skill uri="http://data.europa.eu/esco/skill/1" label="diagnose"/>
    <assessed-by block="p1"/><assessed-by block="p2"/>
  </outcome>
  <outcome id="decide" title="Decide what to do" threshold="0.5"><assessed-by block="p3"/></outcome>
  <mastery rule="all"/>
  <recognition workload-hours="3" eqf-level="4" mode="online"/>
  <badge-image caption="A badge">{SVG}</badge-image>
  <tag>wind</tag>
  <html_demo url_name="intro"><p>Read this.</p></html_demo>
  <scorebox url_name="p1" display_name="First"/>
  <plainbox url_name="box"><scorebox url_name="p2" display_name="Second"/></plainbox>
  <oldbox url_name="p3" display_name="Third"/>
</learning_pill>"""


def parse(olx: str = PILL) -> str:
    """The usage id of a pill loaded from OLX."""
    runtime = WorkbenchRuntime("author")
    runtime.id_generator.set_scenario("scenario")
    return runtime.parse_xml_string(olx)


def block(usage: str, learner: str | None = "ann"):
    """The block as ``learner`` meets it in a fresh request."""
    return WorkbenchRuntime(learner).get_block(usage)


def call(usage: str, handler: str, data=None, *, learner: str | None = "ann", suffix: str = "", method: str = "POST"):
    """A handler's answer: ``status``, ``data`` (parsed JSON or None), ``response``."""
    request = webob.Request.blank("/", method=method)
    if method == "POST":
        request.body = json.dumps(data if data is not None else {}).encode()
    found = block(usage, learner)
    response = found.runtime.handle(found, handler, request, suffix)
    parsed = json.loads(response.body) if "json" in response.content_type else None
    return SimpleNamespace(status=response.status_code, data=parsed, response=response)


def child(pill, name: str):
    """The block with this url_name below ``pill``."""
    from microcred_xblock import compat

    return compat.referenced_blocks(pill)[name]


def answer(usage: str, learner: str, **scores: float) -> None:
    """Give the graded blocks these shares of their points."""
    pill = block(usage, learner)
    for name, share in scores.items():
        found = child(pill, name)
        if found.scope_ids.block_type == "oldbox":
            found.score, found.count_attempts = share, 1
        else:
            found.earned = share
        found.save()
