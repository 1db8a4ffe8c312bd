"""What a pickle says, without doing it: its opcodes are followed, and what it would import is noted by name only.

Nothing is imported, called or built. A name that stands in no table is refused: whoever trusts the file may unpickle it.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, NamedTuple

from ..errors import UnreadableError
from ..files import read_at_most

MOST_STEPS = 5_000_000
LARGEST = 128 * 2**20
LONGEST_LINE = 1000
_SMALL = 2**16
TRUST = "if you trust who made it: `--trust` on the command line, or introspect.saved.load(path, trust=True)"


class Named(NamedTuple):
    """A class or function that the pickle names; it is not looked up."""

    name: str


class Noted(NamedTuple):
    """Something that would be made by calling `what` with `arguments`; `state` is what it would be given then."""

    what: str
    arguments: tuple[Any, ...]
    state: list[Any]


class Persistent(NamedTuple):
    """What the pickle leaves to its reader: a storage kept elsewhere in the file."""

    key: tuple[Any, ...]


Recorder = Callable[[tuple[Any, ...]], Any]
Allowed = Callable[[str], "Recorder | None"]
_MARK = object()
_CONSTANTS: Mapping[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_GIVEN = frozenset("BININT BININT1 BININT2 LONG1 LONG4 BINFLOAT BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES "
                   "SHORT_BINBYTES BINBYTES8 BINSTRING SHORT_BINSTRING".split())  # fmt: skip
_OPCODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}
_KEYS = (str, int, float, bool, bytes, type(None))


class Said(NamedTuple):
    """What a pickle says, and in how many steps: what it holds again and again is more than it says."""

    value: Any
    steps: int


def read(data: BinaryIO, allowed: Allowed) -> Said:
    """What one pickle at the start of `data` says.

    `allowed`: for the full name of a class or function, what notes a call of it; None where it is not known. Raises
    `UnreadableError` for damaged data, and for what is not allowed, naming it.
    """
    machine, metered = _Machine(allowed), _Metered(data)
    try:
        for step in range(MOST_STEPS):
            code = _OPCODES.get(metered.read(1))
            if code is None:
                raise ValueError("no opcode, or the end")
            if code.name == "STOP":
                return Said(machine.stack.pop(), step)
            machine.step(code, metered)
    except (ValueError, IndexError, TypeError, KeyError, OverflowError, MemoryError, AttributeError) as error:
        raise UnreadableError("the pickle in this file is damaged", got=f"{type(error).__name__}: {error}"[:200]) from None
    raise UnreadableError("the pickle in this file is too long", got=f"{MOST_STEPS:,} steps without an end")


def refusal(name: str) -> UnreadableError:
    """Why a file is not read on."""
    return UnreadableError(
        "this file is more than tensors: reading all of it would run code", got=f"it imports and calls {name[:200]}",
        expected="tensors in dictionaries", hint=TRUST,
    )  # fmt: skip


class _Metered:
    """Data that is not read past a limit, whatever lengths the pickle claims."""

    def __init__(self, data: BinaryIO) -> None:
        self._data, self._left = data, LARGEST

    def read(self, size: int) -> bytes:
        self._left -= size
        if self._left < 0:
            raise UnreadableError("the pickle in this file is too long", expected=f"at most {LARGEST:,} bytes")
        return self._data.read(size) if size < _SMALL else read_at_most(self._data, size)

    def readline(self) -> bytes:
        return self._data.readline(LONGEST_LINE)


class _Machine:
    """A pickle's stack and memo. What they hold was written there, or is a note."""

    def __init__(self, allowed: Allowed) -> None:
        self.stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._allowed = allowed

    def step(self, code: Any, data: _Metered) -> None:
        """One opcode, its argument read from `data`."""
        name = code.name
        action = _ACTIONS.get(name)
        if action is None and name not in _GIVEN and name not in _CONSTANTS:
            raise UnreadableError(f"this pickle does what tensors do not need: {name}", hint=TRUST)
        argument = code.arg.reader(data) if code.arg is not None else None
        if action is not None:
            action(self, argument)
        else:
            self.stack.append(argument if name in _GIVEN else _CONSTANTS[name])

    def _since_mark(self) -> list[Any]:
        position = len(self.stack) - 1
        while self.stack[position] is not _MARK:
            position -= 1
            if position < 0:
                raise IndexError("no mark")
        items = self.stack[position + 1 :]
        del self.stack[position:]
        return items

    def _proto(self, version: int) -> None:
        if version > 5:
            raise ValueError(f"protocol {version}")

    def _frame(self, size: int) -> None:
        pass

    def _mark(self, _: None) -> None:
        self.stack.append(_MARK)

    def _pop(self, _: None) -> None:
        self.stack.pop()

    def _global(self, names: str) -> None:
        module, _, name = names.partition(" ")
        self.stack.append(self._name(f"{module}.{name}"))

    def _stack_global(self, _: None) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(self._name(f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else "nothing"))

    def _name(self, name: str) -> Named:
        if self._allowed(name) is None:
            raise refusal(name)
        return Named(name)

    def _called(self, function: Any, arguments: Any) -> Any:
        recorder = self._allowed(function.name) if isinstance(function, Named) else None
        if recorder is None or not isinstance(arguments, tuple):
            raise ValueError("something is called that is no function")
        return recorder(arguments)

    def _reduce(self, _: None) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        self.stack.append(self._called(function, arguments))

    _newobj = _reduce

    def _build(self, _: None) -> None:
        state = self.stack.pop()
        if isinstance(self.stack[-1], Noted):
            self.stack[-1].state.append(state)

    def _binpersid(self, _: None) -> None:
        key = self.stack.pop()
        if not isinstance(key, tuple):
            raise ValueError("a storage without a key")
        self.stack.append(Persistent(key))

    def _binput(self, index: int) -> None:
        self._memo[index] = self.stack[-1]

    _long_binput = _binput

    def _memoize(self, _: None) -> None:
        self._memo[len(self._memo)] = self.stack[-1]

    def _binget(self, index: int) -> None:
        self.stack.append(self._memo[index])

    _long_binget = _binget

    def _empty_tuple(self, _: None) -> None:
        self.stack.append(())

    def _tuple(self, _: None) -> None:
        self.stack.append(tuple(self._since_mark()))

    def _tuple1(self, _: None) -> None:
        self._last(1)

    def _tuple2(self, _: None) -> None:
        self._last(2)

    def _tuple3(self, _: None) -> None:
        self._last(3)

    def _last(self, count: int) -> None:
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def _empty_list(self, _: None) -> None:
        self.stack.append([])

    def _empty_dict(self, _: None) -> None:
        self.stack.append({})

    _empty_set = _empty_list

    def _append(self, _: None) -> None:
        value = self.stack.pop()
        self._into(list).append(value)

    def _appends(self, _: None) -> None:
        items = self._since_mark()
        self._into(list).extend(items)

    _additems = _appends

    def _setitem(self, _: None) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._put([key, value])

    def _setitems(self, _: None) -> None:
        self._put(self._since_mark())

    def _put(self, items: list[Any]) -> None:
        target = self._into(dict)
        for key, value in zip(items[::2], items[1::2]):
            if not isinstance(key, _KEYS):
                key = f"<{type(key).__name__} {len(target)}>"  # only names matter, and a note has no value to be hashed
            target[key] = value

    def _into(self, kind: type) -> Any:
        if not isinstance(self.stack[-1], kind):
            raise ValueError(f"no {kind.__name__} to put something into")
        return self.stack[-1]


_ACTIONS: Mapping[str, Callable[[_Machine, Any], None]] = {
    opcode.name: getattr(_Machine, f"_{opcode.name.lower()}")
    for opcode in pickletools.opcodes
    if hasattr(_Machine, f"_{opcode.name.lower()}")
}


def from_bytes(data: bytes, allowed: Allowed) -> Said:
    """`read` for a pickle in memory."""
    return read(io.BytesIO(data), allowed)
