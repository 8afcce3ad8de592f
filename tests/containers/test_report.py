"""Reports: one file that needs nothing else, whose figures show what they were given."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from containers.reporting.figures import confusion_matrix, line_chart, new_figure, roc_curve
from containers.reporting.report import Report

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Tags must close in order; keeps texts by the tag around them, and everything that would be fetched."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.fetched: list[str] = []
        self.classes: dict[str, str] = {}
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.fetched += [
            value
            for name, value in given.items()
            if name in ("src", "href", "xlink:href") and value and not value.startswith(("#", "data:"))
        ]
        if tag not in VOID:
            self.open.append(tag)
        self.current = given

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip() and self.open:
            self.texts.setdefault(self.open[-1], []).append(data.strip())
            self.classes[data.strip()] = self.current.get("class", "")


def page_of(report: Report, tmp_path) -> tuple[str, Page]:
    path = tmp_path / "deep" / "report.html"
    report.write(path)
    html = path.read_text("utf-8")
    return html, Page(html)


def test_a_page_holds_what_was_put_on_it_in_order(tmp_path):
    report = Report("Linear Learner", subtitle="job-7")
    report.heading("Quality")
    report.text("Chosen by accuracy.")
    report.table(["metric", "value"], [["accuracy", 0.98765432]], caption="Final metrics")
    report.figure(line_chart({"best": [3, 2, 1]}), "Loss per epoch")
    html, page = page_of(report, tmp_path)
    assert page.texts["title"] == page.texts["h1"] == ["Linear Learner"]
    assert page.texts["p"] == ["job-7", "Chosen by accuracy."]
    assert page.texts["caption"] == ["Final metrics"]
    assert page.texts["figcaption"] == ["Loss per epoch"]
    order = [html.index(text) for text in (">Linear Learner<", ">Quality<", ">Chosen", ">metric<", "<svg", ">Loss per epoch<")]
    assert order == sorted(order)


def test_all_text_is_escaped(tmp_path):
    evil = "<script>alert(1)</script>"
    report = Report(evil, evil)
    report.heading(evil)
    report.text(evil)
    report.table([evil], [[evil]], caption=evil)
    report.figure(line_chart({evil: [1, 2]}, y_label=evil), evil)
    report.figure(confusion_matrix([[1, 0], [0, 1]], [evil, "b"]), "")
    html, _ = page_of(report, tmp_path)
    assert "<script" not in html


def test_nothing_is_fetched(tmp_path):
    report = Report("title")
    report.figure(roc_curve({"a": ([0, 1], [0, 1])}), "ROC")
    report.figure(confusion_matrix(np.eye(40), [str(k) for k in range(40)]), "confusion")
    html, page = page_of(report, tmp_path)
    assert page.fetched == []
    assert "@import" not in html and "url(http" not in html


def test_tables_say_numbers_as_people_read_them(tmp_path):
    report = Report("title")
    rows = [["a", 0.123456789, 1234567, np.int64(7)], ["b", np.float32(2.5), None, True], ["c", float("nan"), 0, "x"]]
    report.table(["name", "score", "count", "mixed"], rows)
    _, page = page_of(report, tmp_path)
    assert page.texts["td"] == ["a", "0.123457", "1,234,567", "7", "b", "2.5", "–", "True", "c", "nan", "0", "x"]
    assert {text: page.classes[text] for text in ("a", "0.123457", "–", "name", "score")} == {
        "a": "",
        "0.123457": "number",
        "–": "number",
        "name": "",
        "score": "number",
    }


def test_a_row_of_another_width_is_refused():
    with pytest.raises(ValueError):
        Report("title").table(["a", "b"], [[1, 2, 3]])


def test_figures_keep_their_text_and_leave_their_size_to_the_page(tmp_path):
    report = Report("title")
    report.figure(confusion_matrix([[50, 3], [4, 1234]], ["benign", "malignant"]), "c")
    html, page = page_of(report, tmp_path)
    assert {"50", "3", "4", "1,234", "benign", "malignant", "true", "predicted"} <= set(page.texts["text"])
    (tag,) = re.findall(r"<svg[^>]*>", html)
    assert "viewBox" in tag and "width" not in tag and "height" not in tag


def test_equal_reports_are_equal_bytes(tmp_path):
    def make(name: str) -> bytes:
        report = Report("title")
        report.figure(line_chart({"loss": [3, 2, 1]}), "Loss")
        report.write(tmp_path / name)
        return (tmp_path / name).read_bytes()

    assert make("a") == make("b")


def test_long_curves_are_thinned_and_keep_their_ends():
    (line,) = line_chart({"loss": np.arange(100_000.0)}, start=1).axes[0].get_lines()
    x, y = line.get_data()
    assert len(x) <= 250
    assert (x[0], x[-1], y[0], y[-1]) == (1, 100_000, 0, 99_999)


def test_a_loss_that_is_not_finite_leaves_a_gap(tmp_path):
    figure = line_chart({"loss": [1.0, float("nan"), float("inf"), 2.0]})
    assert np.isnan(figure.axes[0].get_lines()[0].get_ydata()).tolist() == [False, True, True, False]
    report = Report("title")
    report.figure(figure, "Loss")
    report.figure(new_figure(), "nothing")
    page_of(report, tmp_path)


def test_a_class_that_never_occurs_has_no_share(tmp_path):
    report = Report("title")
    report.figure(confusion_matrix([[0, 0], [1, 3]], ["a", "b"]), "c")
    page_of(report, tmp_path)


def test_a_report_is_small(tmp_path):
    random = np.random.default_rng(0)
    report = Report("title")
    report.figure(roc_curve({"a": (np.sort(random.random(50_000)), np.sort(random.random(50_000)))}), "ROC")
    report.figure(line_chart({"best": random.random(1000), "median": random.random(1000)}), "Loss")
    report.figure(confusion_matrix(random.integers(0, 100, (10, 10)), list("0123456789")), "confusion")
    html, _ = page_of(report, tmp_path)
    assert len(html) < 200_000
