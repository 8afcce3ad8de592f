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
        """A table; numbers are aligned to the right, and floats rounded to six significant digits."""
        cells = [[_cell(value) for value in row] for row in rows]
        self._blocks.append({"kind": "table", "headers": list(headers), "rows": cells, "caption": caption})

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


def _cell(value: Any) -> dict[str, Any]:
    """Text of a cell, and whether it is a number."""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return {"text": "–" if value is None else str(value), "number": False}
    number = float(value)
    return {
        "text": f"{int(value):,}" if number.is_integer() and not isinstance(value, float) else f"{number:.6g}",
        "number": True,
    }


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
