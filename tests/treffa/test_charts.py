"""Numbers become coordinates; gaps stay gaps."""

from treffa.dashboard import charts


def test_a_week_without_appointments_is_a_gap_in_the_line() -> None:
    chart = charts.line_chart([80.0, 90.0, None, 100.0, 95.0, None, 70.0], labels=["w"] * 7, target=90)
    assert [len(line.split()) for line in chart.lines] == [2, 2]
    assert len(chart.alone) == 1
    assert chart.first and chart.first.text == "80"
    assert chart.last and chart.last.text == "70"


def test_the_scale_begins_at_half_or_at_nothing() -> None:
    high = charts.line_chart([60.0, 90.0], labels=["a", "b"], target=90)
    low = charts.line_chart([40.0, 90.0], labels=["a", "b"], target=90)
    assert [mark.text for mark in high.grid] == ["50", "60", "70", "80", "90", "100"]
    assert [mark.text for mark in low.grid] == ["0", "20", "40", "60", "80", "100"]


def test_full_is_at_the_top_and_the_last_week_at_the_right() -> None:
    chart = charts.line_chart([50.0, 100.0], labels=["a", "b"], target=90)
    assert chart.lines == ["34.0,186.0 700.0,18.0"]
    assert chart.last and (chart.last.x, chart.last.y) == ("700.0", "18.0")
    assert not chart.falls


def test_nothing_to_count_draws_an_empty_chart() -> None:
    chart = charts.line_chart([None, None], labels=["a", "b"], target=90)
    assert (chart.lines, chart.alone, chart.first, chart.last) == ([], [], None, None)
    assert charts.spark([None, 1.0]) == ""


def test_a_spark_bridges_gaps_and_a_flat_one_lies_in_the_middle() -> None:
    assert charts.spark([1.0, None, 3.0]) == "0.0,32.0 200.0,4.0"
    assert charts.spark([2.0, 2.0]) == "0.0,18.0 200.0,18.0"


def test_of_a_year_some_weeks_are_labelled_the_last_one_among_them() -> None:
    labels = [str(number) for number in range(52)]
    below = charts.line_chart([None] * 52, labels=labels, target=90).below
    assert len(below) == 6
    assert below[-1].text == "51"
