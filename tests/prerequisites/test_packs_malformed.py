"""A malformed file says where it is wrong and what to do, all at once."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prerequisites import packs
from prerequisites.packs import PackError

FILE = """\
format: treffa-plans/1
name: {de: Probe, en: Trial}
prerequisites:
  referral:
    kind: document
    title: {de: Überweisung, en: Referral}
    text: {de: "Wozu, steht darauf.", en: "It says what for."}
    icon: file-text
    blocking: true
    days_before: 3
    time_of_day: "18:00"
    source: KV
    checked: 2026-11-01
  questions:
    kind: form
    title: {de: Fragen, en: Questions}
    questions:
      - {key: kidney, type: yes_no, flag: "yes", label: {de: Nieren?, en: Kidneys?}}
      - {key: weight, type: number, unit: kg, minimum: 20, maximum: 350, label: {de: Gewicht?, en: Weight?}}
      - key: where
        type: one_of
        label: {de: Wo?, en: Where?}
        choices: {head: {de: Kopf, en: Head}, knee: {de: Knie, en: Knee}}
  creatinine:
    kind: document
    title: {de: Labor, en: Lab}
    condition: {answer: questions.kidney, is: [yes]}
    validity: {measured_at: appointment, days: 30, limits: [{when: {answer: questions.kidney, is: [yes]}, days: 7}]}
plans:
  - type: {name: CT, keywords: [ct, tdm]}
    prerequisites: [referral, questions, creatinine]
  - type: {name: MRT, keywords: [mrt]}
    prerequisites: [referral]
"""


def problems_of(content: str | bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(PackError) as caught:
        packs.parse(content, where="probe.yaml")
    return [(problem.line, problem.entry, problem.text) for problem in caught.value.problems]


def test_the_file_that_is_broken_below_is_whole() -> None:
    pack = packs.parse(FILE, where="probe.yaml")
    assert [plan.type_name for plan in pack.plans] == ["CT", "MRT"]
    assert pack.plans[0].prerequisites[2].condition == {"answer": "questions.kidney", "is": ["yes"]}


@pytest.mark.parametrize(
    ("wrong", "right", "line", "entry", "says"),
    [
        ("format: treffa-plans/1", "format: treffa-plans/2", 1, "format", "“treffa-plans/2” is none of"),
        ("format: treffa-plans/1\n", "", 1, "", "“format” is missing"),
        ("name: {de: Probe, en: Trial}", "name: Probe", 2, "name", "texts by language belong here, not “Probe”"),
        ("name: {de: Probe, en: Trial}", "name: {}", 2, "name", "the text is missing"),
        ("name: {de: Probe, en: Trial}", "name: {de: Probe, german: x}", 2, "name", "“german” is no language"),
        ("prerequisites:\n  referral:", "prerequisite:\n  referral:", 3, "", "perhaps “prerequisites” is meant"),
        ("kind: document\n    title: {de: Über", "kind: paper\n    title: {de: Über", 5, "referral.kind", "“paper” is none of document, form"),
        ("kind: document\n    title: {de: Über", "kinds: document\n    title: {de: Über", 5, "referral", "there is no “kinds” here, perhaps “kind”"),
        ("kind: document\n    title: {de: Über", "title: {de: Über", 5, "referral", "“kind” is missing"),
        ("{de: Überweisung, en: Referral}", "{de: Überweisung}", 6, "referral.title", "missing in en"),
        ("{de: Überweisung, en: Referral}", "Überweisung", 6, "referral.title", "texts by language belong here"),
        ("{de: Überweisung, en: Referral}", "{de: Überweisung, en: }", 6, "referral.title", "a text belongs here, not nothing"),
        ("{de: Überweisung, en: Referral}", '{de: Überweisung, en: "  "}', 6, "referral.title", "the text is empty"),
        ("{de: Überweisung, en: Referral}", "{de: Überweisung, en: [Referral]}", 6, "referral.title", "not a list"),
        ("{de: Überweisung, en: Referral}", "{de: Überweisung, en: " + "x" * 121 + "}", 6, "referral.title", "too long: 121 letters, at most 120"),
        ("{de: Überweisung, en: Referral}", '{de: Überweisung, en: "a\\u0007b"}', 6, "referral.title", "can't be printed"),
        ('"Wozu, steht darauf."', "Wozu, steht darauf.", 7, "referral.text", "“steht darauf.” is no language"),
        ("icon: file-text", "icon: file-txt", 8, "referral.icon", "there is no icon “file-txt”"),
        ("blocking: true", 'blocking: "true"', 9, "referral.blocking", "true or false belongs here, without quotes"),
        ("blocking: true", "blocking: true\n    blocking: false", 10, "referral", "“blocking” stands twice, first in line 9"),
        ("days_before: 3", "days_before: three", 10, "referral.days_before", "a whole number belongs here, not “three”"),
        ("days_before: 3", 'days_before: "3"', 10, "referral.days_before", "not “3” in quotes"),
        ("days_before: 3", "days_before: -1", 10, "referral.days_before", "-1 is not from 0 to 365"),
        ("days_before: 3", "days_before: 1.5", 10, "referral.days_before", "a whole number belongs here"),
        ('"18:00"', '"25:00"', 11, "referral.time_of_day", "“25:00” in quotes is no time of day"),
        ("    source: KV\n", "", 5, "referral", "what was checked needs its “source”"),
        ("2026-11-01", "1.11.2026", 13, "referral.checked", "is no date, such as 2026-11-01"),
        ("  questions:\n    kind: form", "  que stions:\n    kind: form", 14, "que stions", "is no key"),
        ("type: yes_no", "type: yesno", 18, "questions.kidney.type", "“yesno” is none of text, number"),
        ('flag: "yes"', "flag: maybe", 18, "questions.kidney", "“flag” names no answer of it"),
        ("key: weight", "key: kidney", 19, "questions.kidney", "the question “kidney” stands twice"),
        ("minimum: 20", "minimum: 400", 19, "questions.weight", "the minimum 400 is above the maximum 350"),
        ("minimum: 20", "minimum: 20 kg", 19, "questions.weight.minimum", "a number belongs here"),
        ("type: number", "type: text", 19, "questions.weight", "has no unit, minimum or maximum"),
        ("        choices: {head: {de: Kopf, en: Head}, knee: {de: Knie, en: Knee}}\n", "", 20, "questions.where", "“choices” are missing"),
        (", knee: {de: Knie, en: Knee}}", "}", 23, "questions.where.choices", "from 2 to 40 answers"),
        ("en: Knee", "fr: Genou", 23, "questions.where.choices", "missing in en"),
        ("questions.kidney, is: [yes]}\n", "questions.liver, is: [yes]}\n", 27, "creatinine.condition", "there is no question questions.liver"),
        ("questions.kidney, is: [yes]}\n", "forms.kidney, is: [yes]}\n", 27, "creatinine.condition", "there is no question forms.kidney"),
        ("questions.kidney, is: [yes]}\n", "questions.kidney, is: [perhaps]}\n", 27, "creatinine.condition", "has no answer perhaps"),
        ("questions.kidney, is: [yes]}\n", "questions.kidney, below: 3}\n", 27, "creatinine.condition", "asks for no number"),
        ("questions.kidney, is: [yes]}\n", "questions.kidney, is: yes}\n", 27, "creatinine.condition", "needs a list of values"),
        ("condition: {answer: questions.kidney, is: [yes]}", "condition: {age: {below: old}}", 27, "creatinine.condition", "is not a number"),
        ("condition: {answer: questions.kidney, is: [yes]}", "condition: {sex: [femal]}", 27, "creatinine.condition", "among female, male, other"),
        ("days: 30, ", "", 28, "creatinine.validity", 'needs "days"'),
        ("measured_at: appointment", "measured_at: birth", 28, "creatinine.validity", "appointment or booking"),
        ("when: {answer: questions.kidney", "when: {answer: questions.liver", 28, "creatinine.validity", "there is no question questions.liver"),
        ("[referral, questions, creatinine]", "[referal, questions, creatinine]", 31, "CT", "there is no prerequisite “referal”"),
        ("[referral, questions, creatinine]", "[referral, referral, questions]", 31, "CT", "“referral” stands twice"),
        ("[referral, questions, creatinine]", "[]", 31, "plan 1.prerequisites", "at least one prerequisite"),
        ("[referral, questions, creatinine]", "[referral, creatinine]", 27, "creatinine.condition", "questions.kidney in this plan (“CT”)"),
        ("[ct, tdm]", "[ct, ct]", 30, "plan 1.type.keywords", "the word “ct” stands twice"),
        ("name: MRT", "name: CT", 32, "CT", "there are two plans for this type"),
        ("{name: MRT, keywords: [mrt]}", "{keywords: [mrt]}", 32, "plan 2.type", "“name” is missing"),
        ("prerequisites: [referral]\n", "prerequisites: referral\n", 33, "plan 2.prerequisites", "a list of names of prerequisites belongs here"),
    ],
)  # fmt: skip
def test_a_malformed_file_says_in_which_line_and_what(
    wrong: str, right: str, line: int, entry: str, says: str
) -> None:
    assert FILE.count(wrong) >= 1
    found = problems_of(FILE.replace(wrong, right, 1))
    assert any((at, where) == (line, entry) and says in text for at, where, text in found), found


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"", 1, "the file is empty"),
        (b"# nothing\n", 1, "the file is empty"),
        (b"- a\n- b\n", 1, "names with values belong here, not a list"),
        (b"format: treffa-plans/1\nname: {de: \xdcber}\n", 2, "this is not UTF-8"),
        ("format: treffa-plans/1\nname: {de: Über}\n".encode("utf-16"), 1, "this is not UTF-8"),
        (b"format: [\n", 2, "this is no YAML"),
        (b"format: a\n\tname: b\n", 2, "this is no YAML"),
        (b"format: &a x\nname: *a\n", 1, "anchors and aliases"),
        (b"format: &a x\nname: *a\n", 2, "anchors and aliases"),
        (b"format: !!python/object/apply:os.system [ls]\n", 1, "tags (!) are not read"),
        (b"format: a\n---\nformat: b\n", 2, "a second document"),
        (b"a: " + b"[" * 40 + b"]" * 40, 1, "nested too deeply"),
        (b"a: [" + b"1, " * 60_000 + b"1]", 1, "the file holds too much"),
        (b"a: " + b"x" * 600_000, 1, "the file is too large"),
        (b"? [a, b]\n: c\n", 1, "a name belongs before the colon"),
        (b"a: b\x00c\n", 1, "this is no YAML"),
    ],
)
def test_what_is_no_file_of_plans_at_all_is_told_from_yaml(content: bytes, line: int, says: str) -> None:
    found = problems_of(content)
    assert any(at == line and says in text for at, _, text in found), found


def test_a_file_that_unfolds_into_gigabytes_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    found = problems_of("\n".join(lines))
    assert found[0][0] == 1 and all("anchors and aliases" in text for _, _, text in found)
    assert len(found) <= 100


def test_all_that_is_wrong_is_said_at_once_and_in_order() -> None:
    content = FILE.replace("days_before: 3", "days_before: x").replace("type: yes_no", "type: no_yes")
    content = content.replace("[mrt]", "mrt").replace("name: {de: Probe", "nam: {de: Probe")
    assert [line for line, _, _ in problems_of(content)] == [1, 2, 10, 18, 32]


def test_conditions_that_go_round_in_a_circle_are_found() -> None:
    one = '{kind: form, title: {de: x, en: y}, condition: {answer: b.q, is: ["yes"]}, questions: [{key: q, type: yes_no, label: {de: x, en: y}}]}'
    content = FILE.replace("plans:\n", f"  a: {one}\n  b: {one.replace('b.q', 'a.q')}\nplans:\n", 1).replace(
        "prerequisites: [referral]", "prerequisites: [a, b]"
    )
    ((line, entry, text),) = problems_of(content)
    assert line in (29, 30) and entry in ("a.condition", "b.condition")
    assert "round in a circle" in text and "MRT" in text


def test_a_form_that_hangs_on_itself_is_found() -> None:
    content = FILE.replace(
        "kind: form\n", 'kind: form\n    condition: {answer: questions.kidney, is: ["yes"]}\n', 1
    )
    assert any("circle" in text for _, _, text in problems_of(content))


def test_what_hangs_on_a_broken_form_is_not_said_to_be_missing() -> None:
    found = problems_of(FILE.replace("type: yes_no", "type: no_yes"))
    assert [line for line, _, _ in found] == [18]


def test_bare_words_of_yaml_are_read_as_they_were_meant() -> None:
    content = FILE.replace('time_of_day: "18:00"', "time_of_day: 18:00").replace(
        "{head: {de: Kopf, en: Head}, knee: {de: Knie, en: Knee}}",
        "{no: {de: Nein, en: No}, yes: {de: Ja, en: Yes}}",
    )
    pack = packs.parse(content, where="probe.yaml")
    referral, form, _ = pack.plans[0].prerequisites
    assert referral.time_of_day.hour == 18
    assert form.questions[2].choices == {"no": {"de": "Nein", "en": "No"}, "yes": {"de": "Ja", "en": "Yes"}}


def test_the_error_reads_like_a_list_of_things_to_mend() -> None:
    with pytest.raises(PackError) as caught:
        packs.parse(FILE.replace("days_before: 3", "days_before: x"), where="probe.yaml")
    assert str(caught.value) == (
        "probe.yaml, line 10, referral.days_before: a whole number belongs here, not “x”"
    )


def test_a_file_in_which_all_is_wrong_is_answered_with_the_first_hundred() -> None:
    one = "{kind: x, zz: 1, title: 5, questions: [{key: a, type: 7, flag: 1}, {key: a}], days_before: x}"
    entries = "".join(f"  a{number}: {one}\n" for number in range(390))
    content = f"format: x\nname: {{de: a}}\nprerequisites:\n{entries}plans:\n  - {{type: {{name: t}}, prerequisites: [a1]}}\n"
    found = problems_of(content)
    assert len(found) == 100 and found[0] == (1, "format", "“x” is none of treffa-plans/1")


def test_a_plan_of_many_conditions_is_looked_at_in_no_time() -> None:
    form = "{kind: form, title: {de: x}, questions: [{key: q, type: yes_no, label: {de: x}}]"
    entries = "".join(f"  a{n}: {form}, condition: {{answer: a{n + 1}.q, is: [yes]}}}}\n" for n in range(299))
    names = ", ".join(f"a{n}" for n in range(300))
    plans = f"plans:\n  - {{type: {{name: t}}, prerequisites: [{names}]}}\n"
    head = "format: treffa-plans/1\nname: {de: a}\nprerequisites:\n"
    begun = time.process_time()
    pack = packs.parse(f"{head}{entries}  a299: {form}}}\n{plans}", where="many")
    assert len(pack.plans[0].prerequisites) == 300
    assert time.process_time() - begun < 3


SNIPPETS = [
    "",
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "? ",
    "&a ",
    "*a",
    "!!str ",
    "null",
    "yes",
    "1",
    '"',
    "'",
    "|",
    "\n",
    "\t",
    "<<: ",
    "\x00",
]


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_whatever_is_done_to_a_file_it_is_read_or_told_what_is_wrong(data: st.DataObject) -> None:
    content = FILE
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(content)))
        end = begin + data.draw(st.sampled_from([0, 1, 3, 12, 60]))
        content = content[:begin] + data.draw(st.sampled_from(SNIPPETS) | st.text(max_size=5)) + content[end:]
    try:
        pack = packs.parse(content, where="probe.yaml")
    except PackError as error:
        assert error.problems and all(problem.line >= 1 and problem.text for problem in error.problems)
    else:
        assert packs.parse(packs.write(pack), where="again") == pack


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_file_are_told_so(content: bytes) -> None:
    with pytest.raises(PackError):
        packs.parse(content, where="probe.yaml")
