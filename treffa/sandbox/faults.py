"""Switches: what goes wrong, for whom, and how often. Shared by all parts of the sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fault:
    """One switch. `remaining` counts down with each use; None stays until it is cleared."""

    kind: str
    on: str = ""
    """Whom it hits: a calendar key, a number, a mail address; empty: everybody."""
    remaining: int | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def number(self, name: str, default: float) -> float:
        return float(self.details.get(name, default))

    def whole(self, name: str, default: int) -> int:
        return int(self.details.get(name, default))

    def text(self, name: str, default: str = "") -> str:
        return str(self.details.get(name, default))

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "on": self.on, "count": self.remaining, **self.details}


class Switchboard:
    """The faults of one part. Safe to use from several threads."""

    def __init__(self, *, kinds: Collection[str]) -> None:
        self.kinds = frozenset(kinds)
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def set(self, kind: str, *, on: str = "", count: int | None = None, **details: Any) -> Fault:
        """Switch a fault on, for the next `count` uses or until it is cleared. ValueError for an unknown kind."""
        if kind not in self.kinds:
            raise ValueError(f"There is no fault {kind!r}; there are: {', '.join(sorted(self.kinds))}.")
        fault = Fault(kind=kind, on=on, remaining=count, details=details)
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(
        self, who: str, *, kinds: Collection[str], fits: Callable[[Fault], bool] | None = None
    ) -> Fault | None:
        """The first fault of these kinds that hits `who`, counted as used; None if all goes well."""
        with self._lock:
            for fault in self._faults:
                if fault.kind not in kinds or fault.on not in ("", who) or (fits and not fits(fault)):
                    continue
                if fault.remaining is not None:
                    fault.remaining -= 1
                    if fault.remaining <= 0:
                        self._faults.remove(fault)
                return fault
        return None

    def clear(self, *, on: str | None = None) -> None:
        """Switch off all faults, or those for one."""
        with self._lock:
            self._faults = [fault for fault in self._faults if on is not None and fault.on != on]

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def wait(self, seconds: float) -> None:
        """Sleep, but wake when the sandbox stops."""
        self.stopping.wait(seconds)
