"""The readable OLX of a learning pill, both ways (lxml).

::

    <learning_pill url_name="…" display_name="…" language="en">
      <summary>What a learner can do after this pill.</summary>
      <outcome id="locate" title="…" threshold="0.7" kind="skill" reuse="occupation-specific"
               logic="and" all-attempted="true">
        <description>…</description>
        <skill uri="http://data.europa.eu/esco/skill/…" label="…" framework="ESCO"/>
        <assessed-by block="url_name of a graded block inside" weight="2" threshold="0.5"/>
        <group logic="or" weight="1" threshold="0.6" all-attempted="false">
          <assessed-by block="…"/> …
        </group>
      </outcome>
      <mastery rule="required-plus-n" n="1" required="locate decide"/>
      <recognition workload-hours="3" ects="0.1" eqf-level="4" isced-f="0713" mode="online"
                   assessment-type="practical" supervision="unsupervised-id" stackability="stackable"
                   further-information="https://…" not-stated="ects">
        <prerequisites>…</prerequisites>
        <quality-assurance title="…" agency="…" url="…"/>
        <nqf framework="…" level="…" url="…"/>
        <towards title="…" framework="…" code="…" url="…"/>
        <bloc certification="RNCP38596" certification-title="…" bloc="RNCP38596BC02" bloc-title="…"
              url="…" valid-until="2027-08-31"/>
      </recognition>
      <badge-image caption="…" src="/static/badge.svg"/>      or with <svg> or base64 PNG inside, or with
        <design shape="shield" colour="teal" icon="turbine" level="true" title="false"/>
      <upkeep regrade="suspend" grace-days="14" valid-months="24"/>
      <tag>wind power</tag>
      …child blocks…
    </learning_pill>

An attribute is the name in ``definition`` with ``-`` for ``_``. ``not-stated`` names the attributes and elements of
``<recognition>`` that the pill leaves unsaid although its course or organisation says them. What is not understood
is kept, written back on export and told to the author; only a document that cannot be kept faithfully
(entities, absurd size or depth) is refused, with InvalidInput.
"""

from .children import blocks, child_names, give_names, match_names
from .reading import MAX_CHARACTERS, MAX_ELEMENTS, MAX_NESTING, take
from .vocabulary import OWN_ELEMENTS
from .writing import give

__all__ = [
    "MAX_CHARACTERS", "MAX_ELEMENTS", "MAX_NESTING", "OWN_ELEMENTS", "blocks", "child_names", "give", "give_names",
    "match_names", "take",
]
