"""Text to numbers, compiled: for long streams, where the plain decoders in `csv` and `libsvm` are the slower way.

A parser here knows the usual spellings. It gives a block back, as a whole, on anything else, wrong or merely rare (quotes,
``inf``, tabs around numbers, indices that do not ascend), and the plain decoder, which is the grammar, reads or refuses it.
What both read is the same to the bit.

Every block of text has to end in LF: that is where all loops stop.
"""

from __future__ import annotations

import numpy as np

from containers.compiled import compiled, inlined

TAB, LF, CR, BLANK, PLUS, MINUS, DOT, ZERO, COLON = (ord(character) for character in "\t\n\r +-.0:")
#: The bit that makes a letter lower-case.
LOWER = 32
#: Powers of ten, correctly rounded; exact up to the 22nd.
POWERS = np.array([float(f"1e{power}") for power in range(301)])
EXACT_POWER, EXACT_INTEGER = 22, 1 << 53
#: More than the rounding errors of an integer, a power and their product together.
SLACK = 2.0**-50
#: Decimal digits that always fit into 64 bits.
DIGITS = 19


@inlined
def number(text, at):  # type: ignore[no-untyped-def]
    """The float32 nearest to the float64 nearest to the decimal number at a place, and the place after it; -1 for no number.

    Integers of at most 53 bits, times or over an exact power of ten, are the float64 itself (Clinger, How to read floating
    point numbers accurately, 1990). Others are known to a few units in the last place of a float64: enough for the float32,
    unless the middle between two of them lies that near, once in some ten million numbers.
    """
    negative = text[at] == MINUS
    if negative or text[at] == PLUS:
        at += 1
    first = at
    integer = np.uint64(0)
    while np.uint8(text[at] - ZERO) < 10:
        integer = integer * np.uint64(10) + np.uint64(text[at] - ZERO)
        at += 1
    digits = at - first
    exponent, whole = 0, True
    if text[at] == DOT:
        at += 1
        point = at
        while np.uint8(text[at] - ZERO) < 10:
            integer = integer * np.uint64(10) + np.uint64(text[at] - ZERO)
            at += 1
        exponent = point - at
        digits -= exponent
    if digits == 0:
        return np.float32(0), -1
    if digits > DIGITS:  # it may have run over: once more, leaving out leading zeros and what is past the 19th digit
        integer, digits, exponent, after = np.uint64(0), 0, 0, 0
        for place in range(first, at):
            if text[place] == DOT:
                after = 1
                continue
            if digits < DIGITS:
                integer = integer * np.uint64(10) + np.uint64(text[place] - ZERO)
                digits += integer != 0
                exponent -= after
            else:
                exponent += 1 - after
                whole = False
    if text[at] | LOWER == ord("e"):
        at += 1
        down = text[at] == MINUS
        if down or text[at] == PLUS:
            at += 1
        first, power = at, 0
        while np.uint8(text[at] - ZERO) < 10:
            power = min(power * 10 + text[at] - ZERO, 1 << 20)
            at += 1
        if at == first:
            return np.float32(0), -1
        exponent += -power if down else power
    while whole and integer > EXACT_INTEGER and integer % np.uint64(10) == 0:
        integer //= np.uint64(10)
        exponent += 1
    if integer == 0:
        exponent = 0
    if not -len(POWERS) < exponent < len(POWERS):
        return np.float32(0), -1
    value = np.float64(integer)
    value = value * POWERS[exponent] if exponent >= 0 else value / POWERS[-exponent]
    if integer > EXACT_INTEGER or not -EXACT_POWER <= exponent <= EXACT_POWER:
        low, high = np.float32(value * (1 - SLACK)), np.float32(value * (1 + SLACK))
        if low != high:
            return np.float32(0), -1
    return np.float32(-value if negative else value), at


@inlined
def is_nan(text, at):  # type: ignore[no-untyped-def]
    """Whether ``nan`` stands at a place."""
    return text[at] | LOWER == ord("n") and text[at + 1] | LOWER == ord("a") and text[at + 2] | LOWER == ord("n")


@inlined
def is_qid(text, at):  # type: ignore[no-untyped-def]
    """Whether ``qid:`` stands at a place."""
    if text[at] | LOWER != ord("q") or text[at + 1] | LOWER != ord("i") or text[at + 2] | LOWER != ord("d"):
        return False
    return text[at + 3] == COLON


@compiled
def table(text, delimiter, missing, out):  # type: ignore[no-untyped-def]
    """Fill an array with the values of CSV text; the number of rows, or -1 where the plain decoder has to look.

    Parameters
    ----------
    text
        shape: (bytes,), uint8.
    delimiter
        The byte between two values.
    missing
        Whether empty fields, unless blanks delimit them, and ``nan`` are NaN.
    out
        shape: (rows, columns), float32, of at least len(text) / columns rows.
    """
    columns = out.shape[1]
    padded = delimiter != BLANK
    at, row = 0, 0
    while at < len(text):
        if text[at] == LF:
            at += 1
            continue
        if text[at] == CR and text[at + 1] == LF:
            at += 2
            continue
        for column in range(columns):
            if column:
                if text[at] != delimiter:
                    return -1
                at += 1
            if missing and padded and (text[at] == delimiter or text[at] == LF or text[at] == CR):
                out[row, column] = np.nan
                continue
            while padded and text[at] == BLANK:
                at += 1
            if missing and is_nan(text, at):
                out[row, column] = np.nan
                at += 3
            else:
                out[row, column], at = number(text, at)
                if at < 0:
                    return -1
            while padded and text[at] == BLANK:
                at += 1
        if text[at] == CR:
            at += 1
        if text[at] != LF:
            return -1
        at += 1
        row += 1
    return row


@compiled
def rows(text, base, labels, weights, queries, starts, indices, values):  # type: ignore[no-untyped-def]
    """Fill arrays with the rows of labelled libsvm text.

    Parameters
    ----------
    text
        shape: (bytes,), uint8.
    base
        The number of the first feature.
    labels, weights, queries, starts
        shape: (rows,), of at least len(text) / 2 rows, `starts` one more; float32, float32, int64 and int32.
    indices, values
        shape: (pairs,), of at least len(text) / 4; int32 and float32.

    Returns
    -------
    tuple
        Rows, or -1 where the plain decoder has to look; rows that have a query; the largest index.
    """
    at, row, pair, queried, largest = 0, 0, 0, 0, -1
    starts[0] = 0
    while at < len(text):
        while text[at] == BLANK or text[at] == TAB:
            at += 1
        if text[at] == CR:
            at += 1
        if text[at] == LF:
            at += 1
            continue
        labels[row], at = number(text, at)
        if at < 0:
            return -1, 0, 0
        weights[row] = 1
        if text[at] == COLON:
            weights[row], at = number(text, at + 1)
            if at < 0:
                return -1, 0, 0
        last, fields = -1, 0
        while True:
            before = at
            while text[at] == BLANK or text[at] == TAB:
                at += 1
            if text[at] == CR:
                at += 1
                if text[at] != LF:
                    return -1, 0, 0
            if text[at] == LF:
                break
            if at == before:
                return -1, 0, 0
            query = not fields and is_qid(text, at)
            if query:
                at += 4
            first, index = at, np.int64(0)
            while np.uint8(text[at] - ZERO) < 10:
                index = index * 10 + text[at] - ZERO
                at += 1
            fields += 1
            if not 0 < at - first <= 18:
                return -1, 0, 0
            if query:
                queries[row] = index
                queried += 1
                continue
            index -= base
            if text[at] != COLON or index <= last or index >= 1 << 31:
                return -1, 0, 0
            if is_nan(text, at + 1):
                values[pair] = np.nan
                at += 4
            else:
                values[pair], at = number(text, at + 1)
                if at < 0:
                    return -1, 0, 0
            indices[pair] = last = index
            pair += 1
        largest = max(largest, last)
        at += 1
        row += 1
        starts[row] = pair
    return row, queried, largest
