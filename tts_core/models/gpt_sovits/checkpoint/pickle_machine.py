"""A reader of pickles that can call nothing.

Python's unpickler is an interpreter: a file may name any importable function and have it called. Here a
pickle is decoded opcode by opcode (`pickletools.genops` only parses) and a small stack machine builds plain
values from it. A name in the file stays a name; the few that official checkpoints use stand for inert
records, and any other name, opcode or call is refused. Nothing is imported, looked up or called on the file's
behalf.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

DTYPE_OF_STORAGE = {
    "torch.HalfStorage": "float16",
    "torch.BFloat16Storage": "bfloat16",
    "torch.FloatStorage": "float32",
    "torch.DoubleStorage": "float64",
    "torch.LongStorage": "int64",
    "torch.IntStorage": "int32",
    "torch.ShortStorage": "int16",
    "torch.CharStorage": "int8",
    "torch.ByteStorage": "uint8",
    "torch.BoolStorage": "bool",
}


class UnreadablePickle(Exception):
    """The pickle is damaged, or holds something that no checkpoint needs."""


class ForbiddenName(UnreadablePickle):
    """The pickle names a function or class outside the few that checkpoints use. It was not looked up."""


@dataclass(frozen=True)
class Name:
    """A dotted name as the file spells it. Never resolved."""

    dotted: str


@dataclass(frozen=True)
class StorageRef:
    """Where a tensor's elements lie: the archive member `data/<key>`."""

    key: str
    dtype: str
    num_elements: int


@dataclass(frozen=True)
class TensorRef:
    """A tensor by description. Offset and stride count elements of the storage."""

    storage: StorageRef
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class HParams(dict[str, Any]):
    """Stands for the training code's `utils.HParams`: its attributes, as a dict."""


def parse_pickle(data: bytes) -> Any:
    """Return the value in a pickle made by `torch.save`, tensors as `TensorRef`, `HParams` as dicts.

    Raises:
        ForbiddenName: the pickle names something else than tensors, ordered dicts, paths and `utils.HParams`.
        UnreadablePickle: it is damaged, or uses an opcode that `torch.save` does not write.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(data):
            machine.step(opcode.name, argument)
        return machine.result()
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise UnreadablePickle(f"a damaged pickle ({error})") from error


def _ordered_dict(*items: Any) -> dict[Any, Any]:
    return dict(*items)


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> TensorRef:
    if not isinstance(storage, StorageRef):
        raise TypeError("a tensor without a storage")
    return TensorRef(storage, int(offset), tuple(map(int, shape)), tuple(map(int, stride)))


def _parameter(tensor: Any, *_: Any) -> Any:
    return tensor


def _path(*parts: str) -> str:
    return "/".join(parts)


# The builders below are this module's own: a file chooses among them and can reach nothing else.
_BUILDERS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _ordered_dict,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "utils.HParams": HParams,
    "pathlib.PosixPath": _path,
    "pathlib.WindowsPath": _path,
}
_KNOWN_NAMES = frozenset(_BUILDERS) | frozenset(DTYPE_OF_STORAGE)

_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}
_NUMBERS = frozenset({"BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"})
_STRINGS = frozenset({"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES"})
_LITERALS = _NUMBERS | _STRINGS
_TUPLE_SIZES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_IGNORED = frozenset({"PROTO", "FRAME", "STOP"})


class _Machine:
    """The pickle virtual machine, less everything that can call."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def result(self) -> Any:
        (value,) = self._stack
        return value

    def step(self, opcode: str, argument: Any) -> None:
        if opcode in _LITERALS:
            self._stack.append(argument)
        elif opcode in _CONSTANTS:
            self._stack.append(_CONSTANTS[opcode]())
        elif opcode in _TUPLE_SIZES:
            self._stack.append(tuple(self._pop_many(_TUPLE_SIZES[opcode])))
        elif opcode not in _IGNORED:
            self._structural(opcode, argument)

    def _structural(self, opcode: str, argument: Any) -> None:
        handler = getattr(self, f"_op_{opcode.lower()}", None)
        if handler is None:
            raise UnreadablePickle(f"a pickle with the opcode {opcode}, which torch.save does not write")
        handler(argument)

    def _pop_many(self, count: int) -> list[Any]:
        values = [self._stack.pop() for _ in range(count)]
        return values[::-1]

    def _pop_to_mark(self) -> list[Any]:
        mark = self._marks.pop()
        values = self._stack[mark:]
        del self._stack[mark:]
        return values

    def _op_mark(self, _: Any) -> None:
        self._marks.append(len(self._stack))

    def _op_tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._pop_to_mark()))

    def _op_binput(self, slot: int) -> None:
        self._memo[slot] = self._stack[-1]

    _op_long_binput = _op_binput

    def _op_memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _op_binget(self, slot: int) -> None:
        self._stack.append(self._memo[slot])

    _op_long_binget = _op_binget

    def _op_append(self, _: Any) -> None:
        (value,) = self._pop_many(1)
        self._stack[-1].append(value)

    def _op_appends(self, _: Any) -> None:
        values = self._pop_to_mark()
        self._stack[-1].extend(values)

    def _op_setitem(self, _: Any) -> None:
        key, value = self._pop_many(2)
        self._stack[-1][key] = value

    def _op_setitems(self, _: Any) -> None:
        values = self._pop_to_mark()
        self._stack[-1].update(zip(values[::2], values[1::2], strict=True))

    def _op_global(self, argument: str) -> None:
        self._push_name(argument.replace(" ", "."))

    def _op_stack_global(self, _: Any) -> None:
        module, name = self._pop_many(2)
        self._push_name(f"{module}.{name}")

    def _push_name(self, dotted: str) -> None:
        if dotted not in _KNOWN_NAMES:
            raise ForbiddenName(f"a pickle that names {dotted}, which no checkpoint needs (it was not run)")
        self._stack.append(Name(dotted))

    def _op_reduce(self, _: Any) -> None:
        name, arguments = self._pop_many(2)
        self._stack.append(_BUILDERS[name.dotted](*arguments))

    _op_newobj = _op_reduce

    def _op_build(self, _: Any) -> None:
        (state,) = self._pop_many(1)
        target = self._stack[-1]
        if isinstance(target, HParams):
            target.update(state)
        elif not isinstance(target, dict):  # an OrderedDict's own attributes (`_metadata`) carry no weights
            raise TypeError("state for something that has none")

    def _op_binpersid(self, _: Any) -> None:
        (reference,) = self._pop_many(1)
        kind, storage, key, _device, num_elements = reference
        if kind != "storage":
            raise ValueError(f"a persistent id of kind {kind!r}")
        dtype = DTYPE_OF_STORAGE[storage.dotted]
        self._stack.append(StorageRef(str(key), dtype, int(num_elements)))
