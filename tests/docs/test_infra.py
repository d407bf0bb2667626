"""The template for AWS publishes what the program understands, and names the settings that exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend.config import Settings
from backend.domain.events import EventType

yaml = pytest.importorskip("yaml", reason="the template is not tested: PyYAML is not installed")
TEMPLATE = Path(__file__).parents[2] / "infra" / "ses-events.yaml"


class _Loader(yaml.SafeLoader):  # type: ignore[misc, name-defined]  # it is looked for above
    """Reads CloudFormation's short forms, such as !Ref, as a list of their name and their value."""


def _short_form(loader: Any, suffix: str, node: Any) -> list[Any]:
    if isinstance(node, yaml.SequenceNode):
        return [suffix, loader.construct_sequence(node, deep=True)]
    return [suffix, loader.construct_scalar(node)]


_Loader.add_multi_constructor("!", _short_form)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(TEMPLATE.read_text(), _Loader)
    return found


def matching(template: dict[str, Any], name: str) -> set[str]:
    return set(template["Resources"][name]["Properties"]["EventDestination"]["MatchingEventTypes"])


def lowered(kind: EventType) -> str:
    """As CloudFormation writes it: renderingFailure."""
    word = kind.value.replace(" ", "")
    return word[0].lower() + word[1:]


def test_marketing_mail_publishes_every_event_and_transactional_mail_all_but_opens_and_clicks(
    template: dict[str, Any],
) -> None:
    every = {lowered(kind) for kind in EventType}
    assert matching(template, "MarketingEvents") == every
    assert matching(template, "TransactionalEvents") == every - {"open", "click"}


def test_what_it_names_exists(template: dict[str, Any]) -> None:
    named: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, list) and len(value) == 2 and value[0] in ("Ref", "GetAtt") and isinstance(value[1], str):
            named.add(value[1].partition(".")[0])
        elif isinstance(value, dict):
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(template)
    known = {*template["Resources"], *template["Parameters"]}
    assert {name for name in named if not name.startswith("AWS::")} <= known
    assert {"Topic", "Queue"} <= named


def test_its_outputs_are_settings(template: dict[str, Any]) -> None:
    words = {output["Description"].split()[0] for output in template["Outputs"].values()}
    settings = {word for word in words if word.startswith("SES_")}
    assert settings == {name.upper() for name in Settings.model_fields if name.startswith("ses_")}
