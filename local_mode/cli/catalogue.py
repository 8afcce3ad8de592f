"""``drydock algorithms`` and ``drydock hyperparameters``."""

from __future__ import annotations

import json

import click
from rich.console import Console
from rich.table import Table

from containers import algorithm as registry
from containers.hyperparameters import Declaration

HEADERS = ("Name", "Accepts", "Default", "Applies to", "Tuning range")


@click.command()
def algorithms() -> None:
    """List the installed algorithms."""
    table = Table("Algorithm", "Channel", "Content types", "Input modes", "Several models")
    for name in registry.names():
        found = registry.find(name)
        for position, channel in enumerate(found.channels):
            first = position == 0
            table.add_row(
                name if first else "",
                f"{channel.name}{'' if channel.required else ' (optional)'}",
                ", ".join(channel.content_types),
                ", ".join(channel.input_modes),
                ("yes" if found.multi_model else "no") if first else "",
                end_section=position == len(found.channels) - 1,
            )
    Console().print(table)


@click.command()
@click.argument("algorithm")
@click.option("--markdown", is_flag=True, help="Print the table as Markdown, as in the algorithm's README.")
def hyperparameters(algorithm: str, markdown: bool) -> None:
    """List the hyperparameters of ALGORITHM: what each accepts, its default, when it applies, and what a tuner may try."""
    rows = [_row(declaration) for declaration in registry.find(algorithm).Hyperparameters.declared()]
    if markdown:
        click.echo(as_markdown(rows))
        return
    table = Table(*HEADERS)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _row(declaration: Declaration) -> tuple[str, ...]:
    """The facts of one hyperparameter, in the words of `HEADERS`."""
    default = "required" if declaration.required else "" if declaration.default is None else _plain(declaration.default)
    return (declaration.name, declaration.rule, default, declaration.applies or "always", _range(declaration))


def _range(declaration: Declaration) -> str:
    if declaration.tune is None:
        return ""
    if declaration.type in ("integer", "float"):
        low, high = declaration.tune
        return f"{low:g} to {high:g}"
    return ", ".join(_plain(value) for value in declaration.tune)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def as_markdown(rows: list[tuple[str, ...]]) -> str:
    """A table for a README."""
    cells = [[f"`{name}`", *(text.replace("|", "\\|") for text in rest)] for name, *rest in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [HEADERS, ["---"] * len(HEADERS), *cells])
