"""``drydock convert``."""

from __future__ import annotations

from pathlib import Path

import click

FORMATS = ("csv", "libsvm", "npy", "npz", "recordio")


@click.command(short_help="Convert data between CSV, libsvm, npy, npz and RecordIO-protobuf.")
@click.argument("source", metavar="SRC", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("target", metavar="DST", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "source_format", type=click.Choice(FORMATS), help="Format of SRC.  [default: by its suffix]")
@click.option("--to", "target_format", type=click.Choice(FORMATS), help="Format of DST.  [default: by its suffix]")
@click.option(
    "--label-size",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Labels a row. In CSV and npy they are the first columns, in npz the array y; 0 reads rows without labels.",
)
@click.option(
    "--index-base",
    type=click.IntRange(0, 1),
    default=0,
    show_default=True,
    help="Number of the first feature in libsvm text, read or written.",
)
def convert(
    source: Path, target: Path, source_format: str | None, target_format: str | None, label_size: int, index_base: int
) -> None:
    """Convert the rows of SRC and write them to DST, in pieces: a file larger than memory converts.

    Suffixes: .csv, .libsvm or .svm, .npy, .npz, and .pbr, .rec or .recordio for RecordIO-protobuf. Numbers become float32,
    what the algorithms compute with. An npz holds X and y, or a CSR matrix as scipy.sparse.save_npz writes it, and y.
    Sparse rows stay sparse where DST can hold them: libsvm, npz and RecordIO.

    \b
      drydock convert my.csv my.pbr
      drydock convert rows.npy rows.csv --label-size 0
    """
    from local_mode.convert import convert as run

    rows = run(source, target, source_format, target_format, labels=label_size, index_base=index_base)
    click.echo(f"{rows:,} rows: {target}", err=True)
