"""`archivo` with a fate that a test writes: `python -m tests.faults.stepped ORDEN …`. FAULTS_STEPS names the folder in which both write.

Every put, replace and delete of the store, every writing of the index and every commit of the database has two boundaries, before it and
after it, named by what the program was doing: `archivo.intake.keeping.keep store.put before`. Every wait for a child, which reads a
stranger's file, is one more: `archivo.intake.processing.process child.ocr reads`. Each that is passed is added to `HOME.passed`. The
process that first comes to the one that `fate` names makes `ID.reached`, and is killed, or kills its child and goes on, or waits there
for `ID.done` while a server is killed: see Fate.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from archivo import assembly
from archivo.settings import Settings
from archivo.tracing import Traces
from ingest.tools.process import Child

STEPS: Final = "FAULTS_STEPS"
SELF: Final = "process"
CHILD: Final = "child"
WRITES: Final = frozenset(("put", "replace", "delete", "remove"))
LONGEST: Final = 120.0
"""Seconds for which a process waits at a boundary, and then goes on."""
OURS: Final = ("archivo", "preservation", "search")
MEANS: Final = frozenset(("archivo.archive", "archivo.database", "archivo.jobs"))
"""Modules through which every act writes: they do not tell which it is."""


@dataclass(frozen=True, slots=True)
class Fate:
    """At which boundary whom something is to happen to: the process that comes there (SELF), its child (CHILD), or a server meanwhile."""

    id: int
    boundary: str
    whom: str

    def tell(self, folder: Path) -> None:
        """Write it for all processes to see."""
        fresh = folder / "fate.new"
        fresh.write_text(json.dumps(asdict(self)), "utf-8")
        fresh.replace(folder / "fate")

    def reached(self, folder: Path) -> str | None:
        """The home of the process that came there, if one did."""
        with suppress(FileNotFoundError):
            return (folder / f"{self.id}.reached").read_text("utf-8") or None
        return None

    def end(self, folder: Path) -> None:
        """Let the process that waits there go on."""
        (folder / f"{self.id}.done").touch()


class Boundaries(Traces):
    """Follows the ports of a process, and lets its fate come to pass."""

    def __init__(self, folder: Path, home: str) -> None:
        self._folder = folder
        self._home = home

    def follow(self, engine: Engine) -> None:
        event.listen(Session, "before_commit", lambda _: self._pass("commit before"))
        event.listen(Session, "after_commit", lambda _: self._pass("commit after"))

    def follow_calls(self, thing: object, kind: str, names: Iterable[str]) -> None:
        for name in WRITES.intersection(names):
            setattr(thing, name, self._between(getattr(thing, name), f"{kind}.{name}"))

    def _between(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        @wraps(call)
        def called(*given: Any, **named: Any) -> Any:
            self._pass(f"{name} before")
            answer = call(*given, **named)
            self._pass(f"{name} after")
            return answer

        return called

    def follow_children(self) -> None:
        """Every child of this process: it has been asked, and has not answered."""
        receive = Child._receive

        @wraps(receive)
        def received(child: Child, deadline: float) -> dict[str, Any]:
            self._pass(f"{CHILD}.{child.module} reads", child)
            return receive(child, deadline)

        setattr(Child, "_receive", received)  # noqa: B010 - a method of its own for all

    def _pass(self, what: str, child: Child | None = None) -> None:
        boundary = f"{doing(sys._getframe(1))} {what}"
        with (self._folder / f"{self._home}.passed").open("a", encoding="utf-8") as passed:
            passed.write(f"{boundary}\n")
        with suppress(FileNotFoundError):
            fate = Fate(**json.loads((self._folder / "fate").read_text("utf-8")))
            if fate.boundary == boundary:
                self._meet(fate, child)

    def _meet(self, fate: Fate, child: Child | None) -> None:
        try:
            with (self._folder / f"{fate.id}.reached").open("x", encoding="utf-8") as reached:
                reached.write(self._home)
        except FileExistsError:
            return
        if fate.whom == SELF:
            os.kill(os.getpid(), signal.SIGKILL)
        if fate.whom == CHILD and child:
            os.kill(child.pid, signal.SIGKILL)
            return
        ends = time.monotonic() + LONGEST
        while not (self._folder / f"{fate.id}.done").exists() and time.monotonic() < ends:
            time.sleep(0.02)


def doing(frame: FrameType | None) -> str:
    """The function of the program that writes: the innermost of the archive's own, or of what it is built of."""
    nearest = None
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] in OURS and module not in MEANS:
            nearest = nearest or f"{module}.{frame.f_code.co_name}"
            if module.startswith("archivo."):
                return f"{module}.{frame.f_code.co_name}"
        frame = frame.f_back
    return nearest or "archivo"


def main() -> int:
    def traces_of(settings: Settings) -> Traces:
        boundaries = Boundaries(Path(os.environ[STEPS]), settings.home.name)
        boundaries.follow_children()
        return boundaries

    assembly.traces_of = traces_of
    from archivo.cli import run  # its commands take the name as it stands when they are imported

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
