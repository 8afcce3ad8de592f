"""What the compiled parsers read is what the plain decoders read, to the bit."""

import io
from functools import partial

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from containers.batch import Batch
from containers.content import bulk, csv, kernels, libsvm, lines
from containers.content.layout import DELIMITERS, Layout
from containers.errors import UserError
from tests.containers.parts import Pipe

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
#: Numbers as programs write them, and as nobody does: the middle between two float32, more digits than 64 bits hold.
NUMBERS = st.one_of(
    st.integers(-(10**25), 10**25).map(str),
    st.integers(0, 300).map(str),
    FLOATS.map(repr),
    FLOATS.map("{:.6g}".format),
    FLOATS.map("{:.18e}".format),
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(lambda value: f"{np.nextafter(value, np.inf):.70f}"),
    st.floats(-(2.0**99), 2.0**99, width=32).map(
        lambda v: f"{(float(v) + float(np.nextafter(np.float32(v), np.float32(np.inf)))) / 2:.30e}"
    ),
    st.from_regex(r"[+-]?(\d{0,30}\.)?\d{1,30}([eE][+-]?\d{1,3})?", fullmatch=True, alphabet="+-.eE0123456789"),
    st.sampled_from(["1.", ".5", "00012", "-0", "-0.0", "1e5", "1E+05", "0e999", "16777217", "1.677721700000000000e+07"]),
)
FIELDS = st.one_of(
    NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["", "nan", "NaN", "-nan", "inf", " 1", "2 ", '"3"', "1_0", "x", "."])
)
ENDS = st.sampled_from(["\n", "\n", "\r\n", "\n\n", " \n", "\r"])


def same(ours: Batch, plain: Batch) -> bool:
    """Whether two batches hold the same bits."""
    pairs = [(getattr(ours, name), getattr(plain, name)) for name in ("labels", "weights", "queries")]
    if ours.is_sparse:
        assert ours.features.shape == plain.features.shape
        pairs += [(getattr(ours.features, name), getattr(plain.features, name)) for name in ("data", "indices", "indptr")]
    else:
        pairs.append((ours.features, plain.features))
    return all(
        a is b if a is None or b is None else (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
        for a, b in pairs
    )


def compare(decoder: object, text: str, layout: Layout) -> None:
    """The decoder with and without the kernels gives the same rows, or the same error."""
    results = []
    for given_kernels in (kernels, None):
        try:
            results.append(decoder.decode(text.encode(), 1, "a", layout, given_kernels))
        except UserError as error:
            results.append(str(error))
    ours, plain = results
    assert ours == plain if isinstance(plain, str) else same(ours, plain)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("delimiter", DELIMITERS)
@given(data=st.data())
@settings(deadline=None)  # the first example may have to compile
def test_any_csv_is_read_alike(delimiter, missing, data):
    columns = data.draw(st.integers(1, 4))
    rows = data.draw(st.lists(st.tuples(st.lists(FIELDS, min_size=columns, max_size=columns), ENDS), min_size=1, max_size=5))
    text = "".join(delimiter.join(fields) + end for fields, end in rows)
    if text.isspace():
        return
    layout = Layout(data.draw(st.integers(0, 1)), missing=missing, weights=data.draw(st.booleans()), delimiters=delimiter)

    compare(csv, text, layout)


PAIRS = st.tuples(st.one_of(st.integers(0, 9), st.integers(0, 10**11)), FIELDS).map(lambda pair: f"{pair[0]}:{pair[1]}")
ROWS = st.builds(
    " ".join,
    st.builds(
        lambda label, query, pairs: [label, *query, *pairs],
        st.one_of(FIELDS, st.builds("{}:{}".format, NUMBERS, FIELDS)),
        st.one_of(st.just([]), st.integers(0, 10**20).map(lambda number: [f"qid:{number}"])),
        st.lists(PAIRS, max_size=4).map(lambda pairs: sorted(pairs, key=lambda pair: int(pair.split(":")[0]))),
    ),
)


@pytest.mark.parametrize("missing", [False, True])
@given(st.lists(st.tuples(ROWS, ENDS), min_size=1, max_size=4), st.sampled_from([None, 5]), st.integers(0, 1))
@settings(deadline=None)
@example([("1 QID:7\t0:1  3:2 ", "\r\n"), ("0 qid:8", "\n")], None, 0)
def test_any_libsvm_text_is_read_alike(missing, rows, features, base):
    layout = Layout(1, features, missing=missing, index_base=base)
    compare(libsvm, "".join(row + end for row, end in rows), layout)


@given(st.lists(NUMBERS, min_size=1, max_size=30))
@settings(deadline=None)
@example(["16777217", "1.677721700000000000e+07", "33554433", "-0", "9" * 30, "0." + "0" * 30 + "123456789012345678901"])
def test_any_number_is_rounded_as_python_rounds_it(numbers):
    for text in numbers:
        value, end = kernels.number(np.frombuffer(f"{text}\n".encode(), np.uint8), 0)
        with np.errstate(over="ignore"):
            expected = np.float32(float(text))
        # Undecided are numbers next to the middle of two float32, and those of an exponent beyond all of them.
        undecided = end == -1 and (abs(float(text)) < 1e-280 or near_middle(float(text)) or abs(float(text)) > 1e280)
        assert undecided or (end == len(text) and np.float32(value).tobytes() == expected.tobytes())


def near_middle(value: float) -> bool:
    """Whether a number lies next to the middle of two float32."""
    with np.errstate(over="ignore"):
        low, high = np.float32(value * (1 - 2.0**-49)), np.float32(value * (1 + 2.0**-49))
    return bool(low != high)


@pytest.mark.parametrize(
    "text",
    ["1,2.5,-3e-2\n0,.5,7\n", " 1, 2 ,3\r\n\n4,5,6", f"1,{'9' * 40}\n", "16777217,1.677721700000000000e+07\n"],
)
def test_usual_csv_is_left_to_no_plain_decoder(text):
    assert csv.compiled(text.encode(), Layout(1, delimiters=","), kernels) is not None


@pytest.mark.parametrize("text", ["1 0:2 3:4\n-1:0.5\t7:1e-3\r\n\n0\n", "1 qid:1 1:1.5\n0 qid:1 \n"])
def test_usual_libsvm_is_left_to_no_plain_decoder(text):
    assert libsvm.compiled(text.encode(), Layout(1), kernels) is not None


@pytest.fixture
def long(monkeypatch):
    """Every block is one of a long stream."""
    monkeypatch.setattr(lines, "BLOCK_BYTES", 64)
    for decoder in (csv, libsvm):
        monkeypatch.setattr(decoder, "KERNELS", bulk.Kernels(after=0))


@pytest.mark.parametrize(("decoder", "row"), [(csv, "{},{},7\n"), (libsvm, "{} 1:{} 4:7\n")])
def test_a_long_stream_keeps_its_order_and_its_line_numbers(decoder, row, long):
    text = "".join(row.format(number, number / 8) for number in range(2000))

    batches = list(decoder.read(Pipe(text.encode(), chunk=1000), "pipe", Layout(1, bulk=True)))

    assert len(batches) > 100
    assert [label for batch in batches for label in batch.labels] == list(range(2000))
    with pytest.raises(UserError, match="pipe, line 2001"):
        list(decoder.read(Pipe((text + "x").encode(), chunk=1000), "pipe", Layout(1, bulk=True)))


def test_a_block_of_another_width_is_named(long):
    text = b"1,2,3\n" * 1000 + b"1,2\n" * 1000
    with pytest.raises(UserError, match=r"a, line 1001: expected 3 columns \(1 label, 2 features\), got 2 columns"):
        list(csv.read(io.BytesIO(text), "a", Layout(1, bulk=True)))


def test_requests_do_without_the_kernels(long, monkeypatch):
    monkeypatch.setattr(bulk.Kernels, "earned", None)

    assert sum(len(batch) for batch in csv.read(io.BytesIO(b"1,2\n" * 1000), "a", Layout(1))) == 1000
    assert sum(len(batch) for batch in libsvm.read(io.BytesIO(b"1 0:2\n" * 1000), "a", Layout(1))) == 1000


def test_the_kernels_wait_until_there_is_much_to_read(tmp_path):
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"0" * 10)
    large.write_bytes(b"0" * 200)
    waiting = bulk.Kernels(after=100)

    with small.open("rb") as stream:
        assert waiting.earned(stream, b"0" * 10) is None
        with large.open("rb") as other:
            assert waiting.earned(other, b"0" * 10) is kernels
        assert waiting.earned(io.BytesIO(), b"0" * 70) is None
        assert waiting.earned(stream, b"0" * 11) is kernels


def test_threads_run_ahead_by_no_more_than_they_are():
    taken = []

    def arguments():
        for number in range(20):
            taken.append(number)
            yield (number,)

    results = bulk.in_order(partial(pow, exp=2), arguments(), threads=3)

    assert next(results) == 0
    assert len(taken) == 4
    assert list(results) == [number**2 for number in range(1, 20)]
