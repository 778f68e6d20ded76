"""The texts of ``messages`` for authors: what has to be mended in a pill and how, by error code.

``MESSAGES`` by code; ``FIELDS`` what fields are called, by the last part of a problem's place; ``UNUSABLE`` the codes
of values that nobody could mean, which are refused on saving, where everything else may be stored and mended later.
Each text is a msgid of the ``text`` catalogue; ``{names}`` are parameters of the error.
"""

from __future__ import annotations


def N_(text: str) -> str:  # marks a text for extraction; it is translated when it is shown
    """``text`` itself."""
    return text


MESSAGES: dict[str, str] = {
    "author-required": N_("Only authors of this course may edit the pill."),
    "bloc-certification": N_("The certification code must look like RNCP38596 or RS1234."),
    "bloc-code": N_("The code of the bloc must look like {certification}BC01 and belong to the certification."),
    "block-missing": N_(
        "Outcome “{outcome}” is assessed by “{block}”, which is not in this pill (any more). "
        "Choose another activity for it, or put the block back."
    ),
    "block-ungraded": N_(
        "Outcome “{outcome}” is assessed by “{block}”, which gives no score. Choose another activity."
    ),
    "choice": N_("{field} must be one of: {codes}."),
    "date": N_("{field} must be a date such as 2027-08-31."),
    "datetime": N_("{field} must be a time with a timezone."),
    "definition-changed": N_(
        "Somebody changed this pill since you opened it, so nothing was saved. What you typed is still here."
    ),
    "definition-damaged": N_("{field} is damaged: delete it and enter it again."),
    "duplicate-outcome": N_("Two outcomes have the id “{outcome}”: change one of them."),
    "eqf-level": N_("The EQF level must lie between 1 and 8."),
    "form-unusable": N_("Nothing was saved yet: some values cannot be used. They are marked in the form."),
    "framework-binary": N_("The file is not text. Choose a CSV file, or a CASE package in JSON."),
    "framework-case": N_(
        "This JSON is not a CASE package: {where} is missing or has another form. "
        "Download the framework as “CFPackage” in JSON and choose that file."
    ),
    "framework-cell": N_(
        "A text in the row of line {line}, column {column}, is longer than {limit} characters. Shorten it; or close a "
        "quotation mark that was left open before it."
    ),
    "framework-columns": N_(
        "The row of line {line} has more than {limit} columns. Delete the columns that are not needed, and save the "
        "table again as “CSV UTF-8”."
    ),
    "framework-empty": N_("The file is empty. Choose another one, or paste your outcomes as text."),
    "framework-encoding": N_(
        "The file breaks off in the middle of a letter: it is damaged or not complete. Save it again as “CSV UTF-8”."
    ),
    "framework-json": N_(
        "The JSON has an error in line {line}, column {column}. Download the file again, or have it mended."
    ),
    "framework-json-deep": N_("The JSON is nested too deeply or holds numbers of thousands of digits; it is not read."),
    "framework-large": N_("The file is larger than 2 MB. Choose a part of the framework."),
    "framework-many": N_("The file has more than {limit} entries. Choose a part of the framework."),
    "framework-markup": N_("This is a web page or XML. Choose a CSV file, or a CASE package in JSON."),
    "framework-no-items": N_("There is no outcome in the file: it has a first line at most. Choose another one."),
    "framework-no-title": N_(
        "No column holds the titles. Call one of the columns “Title” in the first line, which now reads: {found}."
    ),
    "framework-nothing": N_("There is nothing to download yet: give at least one outcome a title."),
    "framework-open-quote": N_(
        "A quotation mark that opens in the row of line {line} is never closed. Close it, or write it twice if it is "
        "part of the text."
    ),
    "framework-pdf": N_("This is a PDF. Open it, copy the outcomes, and paste them as text, one a line."),
    "framework-quotes": N_(
        "The quotation marks in the row of line {line} are not in order. A quotation mark inside a text is written "
        "twice."
    ),
    "framework-workbook": N_(
        "This is a workbook, not a CSV file. Open it in the spreadsheet, choose “Save as”, then “CSV UTF-8”, and "
        "choose that file."
    ),
    "fraction-places": N_("{field} may have at most four decimal places."),
    "fraction-range": N_("{field} must lie between 0 and 1 (0 % and 100 %), not {value}."),
    "group-depth": N_("The groups of criteria are nested too deeply. Use fewer levels."),
    "image-empty": N_("The file is empty. Choose another."),
    "image-changed": N_(
        "Somebody else changed the badge’s picture meanwhile. Choose yours again, or show the stored version."
    ),
    "image-missing": N_("The badge image {source} is not among the files of this course: upload it or choose another."),
    "image-ratio": N_("The badge image may be {ratio} times as long as wide at most. Cut it to a square."),
    "image-size": N_("The badge image must not exceed 1 MB: make it smaller."),
    "image-type": N_("The badge image must be a PNG or SVG file."),
    "image-unreadable": N_("The badge image cannot be read. Upload a PNG or SVG file again."),
    "iri": N_("{field} must be a web address that starts with https:// or http://."),
    "isced-f": N_("The ISCED-F code has two to four digits, for example 0713."),
    "language": N_("{field} must be a language code such as “en” or “fr”."),
    "inherited-course": N_(
        "Your course’s settings give recognition data that cannot be used and are left out: {names}. "
        "Correct them under “microcred” in Other Course Settings of the Advanced Settings."
    ),
    "inherited-organisation": N_(
        "Your organisation gives recognition data that cannot be used and are left out: {names}. "
        "Tell the administrator of this platform."
    ),
    "inherited-unread": N_(
        "What the pill takes over from its course or organisation cannot be read at the moment, and is not shown. "
        "Open this page again in a minute."
    ),
    "inherited-site": N_(
        "This site gives recognition data that cannot be used and are left out: {names}. "
        "Tell the administrator of this platform."
    ),
    "many-outcomes": N_("A pill may have at most {limit} outcomes. Split it into several pills."),
    "mastery-number": N_("The number of outcomes in the mastery rule must be a whole number."),
    "mastery-range": N_("The mastery rule asks for {n} outcomes; between {least} and {most} are possible."),
    "mastery-unknown": N_("The mastery rule requires “{outcome}”, which is not an outcome of this pill."),
    "no-outcomes": N_("The pill has no learning outcome yet: add one."),
    "number": N_("{field} must be a number written with digits, for example 0.7."),
    "olx-entity": N_("The OLX uses an entity that is not defined. Write the text itself."),
    "olx-too-deep": N_("The OLX of the pill is nested too deeply."),
    "olx-too-large": N_("The OLX of the pill is too large."),
    "olx-unknown-attribute": N_(
        "The pill does not understand its attributes {names} and leaves them alone. "
        "If one is misspelt, correct it; they do not keep anybody from earning the credential."
    ),
    "olx-unknown": N_("This is not understood: {names}. Correct its spelling or delete it."),
    "outcome-duplicate-block": N_("Outcome “{outcome}” names the same block twice: remove one."),
    "outcome-kind": N_("An outcome is either “knowledge” or “skill”."),
    "outcome-threshold": N_("Outcome “{outcome}” has no threshold: say which share of the points it needs."),
    "outcome-unassessed": N_("Nothing assesses this outcome: choose at least one activity that gives a score."),
    "recognition-code": N_("{field} must be one of: {codes}."),
    "recognition-number": N_("{field} must lie above 0 and be at most {most}, with at most two decimals."),
    "upkeep-number": N_("{field} must be a whole number from {least} to {most}."),
    "preflight-blank": N_(
        "“{word}” still stands for something of yours. The credential will carry it: write your own words."
    ),
    "preflight-elm": N_("Europass would refuse the European credential because of this. Write it in another way."),
    "preflight-image-heavy": N_(
        "The badge image has {size} kB, and every credential carries it. Below {most} kB is better for wallets."
    ),
    "preflight-image-shape": N_("The badge image is not square. Wallets show it in a square, and cut or squeeze it."),
    "preflight-image-small": N_("The badge image has fewer than {least} pixels a side and looks blurred in wallets."),
    "preflight-in-neither": N_("“{value}” ({fact}) would be in neither of the two credentials."),
    "preflight-issuer": N_(
        "What is known of the issuer does not suffice for this credential. Give the technical detail to your "
        "administrator."
    ),
    "preflight-no-issuer": N_(
        "No issuer is set up for this course yet, so nothing can be issued: ask your administrator. Until then the "
        "preview shows a placeholder."
    ),
    "preflight-not-in-elm": N_(
        "“{value}” ({fact}) is in the Open Badge only: the European credential has no place for it."
    ),
    "preflight-not-in-open-badge": N_(
        "“{value}” ({fact}) is in the European credential only: the Open Badge has no place for it."
    ),
    "preflight-open-badge": N_("Wallets would refuse the Open Badge because of this. Write it in another way."),
    "preflight-shacl": N_(
        "The EU’s own test of European credentials finds a fault in this one, so Europass may refuse it. Give the "
        "technical detail to your administrator."
    ),
    "preflight-site": N_(
        "What this site adds to credentials does not work for this one. Give the technical detail to your "
        "administrator."
    ),
    "preflight-unknown": N_(
        "One of the two credentials would break its standard, and it cannot be told which of your words is the reason. "
        "Give the technical detail to your administrator."
    ),
    "percentage": N_("Write a percentage from 0 to 100 with digits, for example 70, with two decimals at most."),
    "reuse-level": N_(
        "The reuse level must be transversal, cross-sector, sector-specific or occupation-specific."
    ),
    "rule-op": N_("The rule of a criterion must be “gte” (at least)."),
    "stackability-contradiction": N_(
        "The pill cannot stand alone and count towards something: change one of the two."
    ),
    "slug": N_("{field} may hold only letters without accents, digits, “-”, “_” and “.”, at most 64 of them."),
    "text-control-character": N_("{field} contains the invisible character {character}: delete it."),
    "text-empty": N_("{field} is empty: fill it in."),
    "text-too-long": N_("{field} has {length} characters; at most {limit} are allowed. Shorten it."),
    "text-type": N_("{field} must be text."),
    "upload-size": N_("The file has {size} MB; at most {limit} MB are taken. Save it smaller, then choose it again."),
    "weight": N_("A weight must be above 0 and at most 10000, not {value}."),
    "whole-number": N_("{field} must be a whole number."),
    "yes-no": N_("{field} must be “true” or “false”."),
}

FIELDS: dict[str, str] = {
    "all-attempted": N_("All attempted"),
    "assessed-by": N_("Assessment"),
    "badge colour": N_("Colour of the badge"),
    "badge icon": N_("Icon of the badge"),
    "badge image": N_("Badge image"),
    "badge level": N_("Level on the badge"),
    "badge shape": N_("Shape of the badge"),
    "badge title": N_("Title on the badge"),
    "bloc": N_("Bloc code"),
    "bloc address": N_("Address of the bloc"),
    "bloc title": N_("Title of the bloc"),
    "block": N_("Block"),
    "certification": N_("Certification code"),
    "certification title": N_("Title of the certification"),
    "description": N_("Description"),
    "ects": N_("ECTS points"),
    "grace_days": N_("Days of grace"),
    "regrade": N_("When scores change"),
    "upkeep": N_("After the award"),
    "valid_months": N_("Months of validity"),
    "eqf_level": N_("EQF level"),
    "framework": N_("Skills framework"),
    "image": N_("Badge image"),
    "image caption": N_("Text alternative of the badge image"),
    "isced_f": N_("ISCED-F code"),
    "kind": N_("Kind of outcome"),
    "language": N_("Language"),
    "logic": N_("Logic of the group"),
    "mastery": N_("Mastery rule"),
    "mode": N_("Mode of learning"),
    "n": N_("Number of outcomes"),
    "assessment_type": N_("Type of assessment"),
    "outcome description": N_("Description of the outcome"),
    "outcome id": N_("Id of the outcome"),
    "outcome title": N_("Title of the outcome"),
    "outcomes": N_("Learning outcomes"),
    "pill": N_("Learning pill"),
    "prerequisites": N_("Prerequisites"),
    "further_information": N_("Further information"),
    "national framework": N_("National framework"),
    "nqf": N_("Level in a national framework"),
    "national level": N_("Level in the national framework"),
    "national level address": N_("Address of the national level"),
    "stackability": N_("Integration and stackability"),
    "towards": N_("Counts towards"),
    "towards code": N_("Code of the qualification"),
    "towards framework": N_("Register or awarding body"),
    "towards title": N_("Counts towards"),
    "towards address": N_("Address of the qualification"),
    "quality assurance": N_("Quality assurance"),
    "quality assurance address": N_("Address of the quality assurance"),
    "quality assurance agency": N_("Quality assurance agency"),
    "recognition": N_("Recognition"),
    "required outcome": N_("Required outcome"),
    "rule": N_("Mastery rule"),
    "skill": N_("Skill"),
    "supervision": N_("Supervision and identity check"),
    "tag": N_("Tag"),
    "threshold": N_("Threshold"),
    "title": N_("Title"),
    "valid_until": N_("Valid until"),
    "weight": N_("Weight"),
    "workload_hours": N_("Workload in hours"),
}

UNUSABLE: frozenset[str] = frozenset({
    "choice", "date", "eqf-level", "fraction-places", "fraction-range", "language", "number", "outcome-kind",
    "percentage", "recognition-code", "recognition-number", "reuse-level", "text-control-character", "text-too-long",
    "text-type", "upkeep-number", "weight", "whole-number", "yes-no",
})
