"""The door: its names, and what it never lets out."""

import dataclasses
import inspect

from microcred_xblock.issuance import api, data


def test_public_names():
    assert sorted(api.__all__) == [
        "DOWNLOAD_KINDS", "Holders", "Learner", "awarding_body_of", "connect", "connect_by_address", "consent",
        "disconnect", "dismiss_notice", "download", "finish_connection", "holders", "last_awarded", "mail_files",
        "offer", "panel", "payload", "recognition_defaults_of", "record_scores", "rehearse", "retry", "search_skills",
        "send", "skills_installed", "start_connection", "verdict", "withdraw",
    ]
    defined = {
        name for name, value in vars(api).items()
        if inspect.isfunction(value) and value.__module__ == api.__name__
    }
    assert defined <= set(api.__all__)


def test_values_are_frozen_and_keyword_only():
    for kind in vars(data).values():
        if dataclasses.is_dataclass(kind) and kind.__module__ == data.__name__:
            assert kind.__dataclass_params__.frozen, kind
            assert all(field.kw_only for field in dataclasses.fields(kind)), kind


def test_personal_data_does_not_show():
    learner = data.Learner(id="7", full_name="Camille Exemple", email="camille@learner.example")
    assert repr(learner) == "Learner(id='7')"
    payload = data.Payload(digest="d", open_badge={"a": "Camille"}, elm={"b": "Camille"}, parity=())
    assert "Camille" not in repr(payload)
