"""Fetching from memory ahead of use: what a model looks up lies scattered over more than the processor's caches hold."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

#: Bytes that memory gives at once.
CACHE_LINE = 64

_READ, _WRITE, _KEEP, _DATA = 0, 1, 3, 1


def _fetching(purpose: int) -> Any:
    """A call of a flat or row-by-row contiguous array and the place of an element, which need not lie within."""

    @intrinsic
    def fetching(typing: Any, array: Any, place: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            view = context.make_array(signature.args[0])(context, builder, arguments[0])
            pointer, word = ir.IntType(8).as_pointer(), ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [pointer, word, word, word])
            function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
            element = builder.bitcast(builder.gep(view.data, [arguments[1]]), pointer)
            builder.call(function, [element, *(ir.Constant(word, flag) for flag in (purpose, _KEEP, _DATA))])
            return context.get_dummy_value()

        return types.void(array, place), generate

    return fetching


#: Have an element fetched, to be read or to be read and written, while something else is computed. In compiled code only.
fetch, fetch_to_write = _fetching(_READ), _fetching(_WRITE)
