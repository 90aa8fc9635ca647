"""The packs that ship are whole, and a malformed one says where it is wrong."""

import pytest

from prerequisites import packs

PACK = """
name: {de: Probe, en: Trial}
prerequisites:
  referral:
    kind: document
    title: {de: Überweisung, en: Referral}
    text: {de: "Wozu, steht darauf.", en: "It says what for."}
plans:
  - type: {name: CT, keywords: [ct]}
    prerequisites: [referral]
"""


@pytest.mark.parametrize("name", packs.NAMES)
def test_a_pack_reads_whole_and_recognises_each_type_by_its_own_keywords(name: str) -> None:
    pack = packs.load(name)
    keywords = [keyword for plan in pack.plans for keyword in plan.keywords]
    assert pack.plans and len(keywords) == len(set(keywords))
    assert all(plan.prerequisites for plan in pack.plans)


def test_a_rule_of_law_or_medicine_names_its_source_and_when_it_was_checked() -> None:
    for name in packs.NAMES:
        for plan in packs.load(name).plans:
            for prerequisite in plan.prerequisites:
                assert prerequisite.source or not prerequisite.checked


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        ("kind: document", "kinds: document", "referral"),
        (
            '{de: "Wozu, steht darauf.", en: "It says what for."}',
            "{de: Wozu, steht darauf., en: It}",
            "every text",
        ),
        ("title: {de: Überweisung, en: Referral}", "title: {de: Überweisung}", "every text"),
        ("prerequisites: [referral]", "prerequisites: [referal]", "unknown prerequisites"),
    ],
)
def test_a_malformed_pack_says_where(wrong: str, right: str, says: str) -> None:
    packs.parse(PACK, where="trial.yaml")
    with pytest.raises(packs.PackError, match=rf"trial.yaml: .*{says}"):
        packs.parse(PACK.replace(wrong, right), where="trial.yaml")


def test_there_is_no_pack_of_another_name() -> None:
    with pytest.raises(packs.PackError, match="no pack"):
        packs.load("../secrets")
