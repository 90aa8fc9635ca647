"""Conditions: what they say, what is refused, and that what is not known stays not known."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prerequisites import conditions
from prerequisites.conditions import ConditionError, Every, Facts, Not, Some, parse

LEAVES: list[dict[str, Any]] = [
    {},
    {"answer": "form.metformin", "is": ["yes"]},
    {"answer": "form.metformin", "is": ["no"]},
    {"answer": "form.implants", "is": ["clips", "pacemaker"]},
    {"answer": "form.egfr", "below": 45},
    {"answer": "form.egfr", "at_least": 30, "below": 60},
    {"age": {"at_least": 60}},
    {"age": {"below": 18}},
    {"sex": ["female"]},
    {"insurance": ["statutory", "accident"]},
    {"first_visit": True},
    {"type": ["MRT Knie"]},
]
parts = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.builds(lambda of: {"all": of}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda of: {"any": of}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda of: {"not": of}, inner),
    ),
    max_leaves=5,
)
answers = st.fixed_dictionaries(
    {},
    optional={
        "metformin": st.sampled_from(["yes", "no", ""]),
        "implants": st.lists(st.sampled_from(["clips", "pacemaker", "none"]), max_size=2),
        "egfr": st.sampled_from(["20", "44,9", "45", "90", "", "?"]),
    },
)
facts = st.builds(
    lambda given, age, sex, insurance, first, type_: Facts(
        answers={"form": given}, age=age, sex=sex, insurance=insurance, first_visit=first, type=type_
    ),
    answers,
    st.sampled_from([None, 5, 40, 60]),
    st.sampled_from(["unknown", "female", "male"]),
    st.sampled_from(["unknown", "statutory", "private"]),
    st.sampled_from([None, True, False]),
    st.sampled_from(["", "MRT Knie", "CT"]),
)


@given(one=parts, other=parts, known=facts)
def test_three_valued_logic_keeps_its_laws(one: dict[str, Any], other: dict[str, Any], known: Facts) -> None:
    a, b = parse(one), parse(other)
    truth, both = a.holds(known), Every(parts=(a, b)).holds(known)
    assert Not(part=Not(part=a)).holds(known) is truth
    assert both is Every(parts=(b, a)).holds(known)
    assert Not(part=Every(parts=(a, b))).holds(known) is Some(parts=(Not(part=a), Not(part=b))).holds(known)
    assert Every(parts=(a, Some(parts=(a, b)))).holds(known) is truth
    assert not (truth and Not(part=a).holds(known)), "nothing holds together with its contrary"
    assert (Not(part=a).holds(known) is None) is (truth is None)


@given(content=parts, known=facts)
def test_what_is_learned_never_turns_what_was_certain(content: dict[str, Any], known: Facts) -> None:
    condition = parse(content)
    nothing = condition.holds(Facts())
    assert nothing is None or condition.holds(known) is nothing


@given(content=parts, known=facts)
def test_a_condition_depends_on_nothing_but_what_it_names(content: dict[str, Any], known: Facts) -> None:
    condition = parse(content)
    used = conditions.facts_used(condition)
    only = Facts(
        answers={"form": {k: v for k, v in known.answers["form"].items() if f"form.{k}" in used}},
        **{
            name: getattr(known, name)
            for name in ("age", "sex", "insurance", "first_visit", "type")
            if name in used
        },
    )
    assert condition.holds(only) is condition.holds(known)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "an object"),
        ("yes", "an object"),
        (None, "an object"),
        ({"colour": ["red"]}, "no condition 'colour'"),
        ({"sex": ["female"], "age": {"below": 3}}, 'by "all" or "any"'),
        ({"sex": "female"}, "list of values"),
        ({"sex": ["weiblich"]}, "female, male, other, not weiblich"),
        ({"insurance": ["gkv"]}, "not gkv"),
        ({"insurance": ["unknown"]}, "not unknown"),
        ({"first_visit": "yes"}, "true or false"),
        ({"type": []}, "list of values"),
        ({"type": [3]}, "list of texts"),
        ({"age": {}}, '"at_least", "below" or both'),
        ({"age": 60}, '"at_least", "below" or both'),
        ({"age": {"over": 60}}, '"at_least", "below" or both'),
        ({"age": {"at_least": "60"}}, "not a number"),
        ({"age": {"at_least": True}}, "not a number"),
        ({"age": {"below": float("nan")}}, "not a number"),
        ({"age": {"at_least": 60, "below": 60}}, "nothing is at least"),
        ({"answer": "metformin", "is": ["yes"]}, "form.question"),
        ({"answer": "a.b.c", "is": ["yes"]}, "form.question"),
        ({"answer": 3, "is": ["yes"]}, "form.question"),
        ({"answer": "a.b"}, '"at_least", "below" or both'),
        ({"answer": "a.b", "is": ["yes"], "below": 3}, '"at_least", "below" or both'),
        ({"answer": "a.b", "is": []}, "list of values"),
        ({"all": []}, "list of conditions"),
        ({"any": {}}, "list of conditions"),
        ({"not": []}, "an object"),
    ],
)
def test_what_is_no_condition_is_refused_in_words(content: object, words: str) -> None:
    with pytest.raises(ConditionError) as refused:
        parse(content)
    assert words in str(refused.value)


def test_a_condition_nested_without_end_is_refused() -> None:
    content: dict[str, Any] = {}
    for _ in range(5000):
        content = {"not": content}
    with pytest.raises(ConditionError, match="too deeply"):
        parse(content)


def test_a_bare_yes_of_yaml_is_the_answer_yes() -> None:
    assert parse({"answer": "a.b", "is": [True, False]}) == parse({"answer": "a.b", "is": ["yes", "no"]})
