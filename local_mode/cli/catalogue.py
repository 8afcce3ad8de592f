"""``drydock algorithms`` and ``drydock hyperparameters``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import click

from containers import algorithm as registry
from containers.hyperparameters import Declaration

HEADERS = ("Name", "Accepts", "Default", "Applies to", "Tuning range")


@click.command()
def algorithms() -> None:
    """List the installed algorithms, and what their channels take: content types (the first is the default) and input modes."""
    for name in registry.names():
        found = registry.find(name)
        click.echo(f"{name}{', several models an endpoint' if found.multi_model else ''}")
        for channel in found.channels:
            label = channel.name if channel.required else f"{channel.name} (optional)"
            click.echo(f"  {label:<24}{', '.join(channel.content_types)}; {', '.join(channel.input_modes)}")


@click.command()
@click.argument("algorithm")
@click.option("--markdown", is_flag=True, help="Print the table as Markdown, as in the algorithm's README.")
def hyperparameters(algorithm: str, markdown: bool) -> None:
    """List the hyperparameters of ALGORITHM: what each accepts, its default, when it applies, and what a tuner may try."""
    declared = registry.find(algorithm).Hyperparameters.declared()
    if markdown:
        click.echo(as_markdown(declared))
        return
    for declaration in declared:
        click.echo(f"{click.style(declaration.name, bold=True)}\n    {'; '.join(_facts(declaration))}")


def _facts(declaration: Declaration) -> Iterator[str]:
    yield declaration.rule
    if declaration.required:
        yield "required"
    elif declaration.default is not None:
        yield f"default {_plain(declaration.default)}"
    if declaration.applies:
        yield f"for {declaration.applies}"
    if declaration.tune:
        yield f"tuned {_range(declaration)}"


def as_markdown(declared: Sequence[Declaration]) -> str:
    """Hyperparameters as a table for a README."""
    rows = [HEADERS, ("---",) * len(HEADERS), *map(_cells, declared)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cells(declaration: Declaration) -> tuple[str, ...]:
    default = "required" if declaration.required else "" if declaration.default is None else _plain(declaration.default)
    return f"`{declaration.name}`", declaration.rule, default, declaration.applies or "always", _range(declaration)


def _range(declaration: Declaration) -> str:
    if declaration.tune is None:
        return ""
    if declaration.type in ("integer", "float"):
        low, high = declaration.tune
        return f"{low:g} to {high:g}"
    return ", ".join(map(_plain, declaration.tune))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
