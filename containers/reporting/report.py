"""A report: one self-contained HTML file that needs neither a network nor a script."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TEMPLATE = Path(__file__).with_name("report.html")


class Report:
    """A page that is written from top to bottom, then to a file. All text is escaped."""

    def __init__(self, title: str, subtitle: str = "") -> None:
        self._title = title
        self._subtitle = subtitle
        self._blocks: list[dict[str, Any]] = []

    def heading(self, text: str) -> None:
        self._blocks.append({"kind": "heading", "text": text})

    def text(self, text: str) -> None:
        """A paragraph."""
        self._blocks.append({"kind": "text", "text": text})

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> None:
        """A table; columns with numbers are aligned to the right, and floats rounded to six significant digits."""
        values = [list(row) for row in rows]
        numeric = [any(_is_number(row[column]) for row in values) for column in range(len(headers))]
        cells = [[(_text(value), right) for value, right in zip(row, numeric, strict=True)] for row in values]
        headed = list(zip(headers, numeric, strict=True))
        self._blocks.append({"kind": "table", "headers": headed, "rows": cells, "caption": caption})

    def figure(self, figure: Figure, caption: str) -> None:
        """A figure from `containers.reporting.figures`, drawn at once; neighbours share a line if they fit."""
        if not self._blocks or self._blocks[-1]["kind"] != "figures":
            self._blocks.append({"kind": "figures", "items": []})
        self._blocks[-1]["items"].append({"svg": _svg(figure), "caption": caption})

    def write(self, path: Path) -> None:
        """Write the page; missing directories are made."""
        from jinja2 import Environment

        template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(TEMPLATE.read_text("utf-8"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.render(title=self._title, subtitle=self._subtitle, blocks=self._blocks), "utf-8")


def _is_number(value: Any) -> bool:
    return hasattr(value, "__float__") and not isinstance(value, bool)


def _text(value: Any) -> str:
    """What a cell shows."""
    if value is None:
        return "–"
    if not _is_number(value):
        return str(value)
    return f"{value:,}" if hasattr(value, "__index__") else f"{float(value):.6g}"


def _svg(figure: Figure) -> str:
    """The figure as inline SVG: text stays text, the size is the page's to say, equal figures give equal bytes."""
    from matplotlib import rc_context

    drawing = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "drydock"}):
        figure.savefig(drawing, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = drawing.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    return re.sub(r' (width|height)="[^"]*"', "", svg[: svg.index(">")]) + svg[svg.index(">") :]
