"""Processes and servers are ended with kill -9, at instants drawn from a seed, and started again."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from tests.faults.scenes import Scene, Server
from tests.faults.site import WEB, WORKERS
from tests.processes import until

SHARES: Final[Mapping[str, int]] = {
    "web": 9,
    "worker": 9,
    "child": 6,
    "backend": 10,
    "postgres": 8,
    "minio": 10,
    "rabbitmq": 4,
    "elasticsearch": 4,
}
"""How many of sixty kills each suffers; those that take long to start again suffer fewer."""
BETWEEN: Final = (0.1, 1.5)
AWAY: Final = (0.0, 1.0)
"""Seconds between two kills, and from a kill until who was killed is started again."""
WAITS_FOR_A_CHILD: Final = 10.0


@dataclass
class Killer:
    """Kills on a scene; `killed` counts who was."""

    scene: Scene
    chance: random.Random
    killed: Counter[str] = field(default_factory=Counter)

    def run(self, kills: int) -> None:
        """So many kills, of all in their shares and of each at least once, in an order drawn from the seed."""
        more = [name for name, share in SHARES.items() for _ in range(-(-share * kills // sum(SHARES.values())) - 1)]
        chosen = [*SHARES, *self.chance.sample(more, max(kills - len(SHARES), 0))]
        for name in self.chance.sample(chosen, len(chosen)):
            time.sleep(self.chance.uniform(*BETWEEN))
            self.acts[name]()
            self.killed[name] += 1
            self.scene.site.keep_running()
        until(self.scene.servers.database.answers)  # it recovers by itself from the loss of a backend

    @property
    def acts(self) -> Mapping[str, Callable[[], None]]:
        servers = self.scene.servers
        return {
            "web": lambda: self._member(WEB),
            "worker": lambda: self._member(self.chance.choice(WORKERS)),
            "child": self._child,
            "backend": self._backend,
            "postgres": lambda: self._server(servers.database),
            "minio": lambda: self._server(servers.store),
            "rabbitmq": lambda: self._server(servers.broker),
            "elasticsearch": lambda: self._server(servers.index),
        }

    def _rest(self) -> None:
        time.sleep(self.chance.uniform(*AWAY))

    def _member(self, name: str) -> None:
        self.scene.site.member(name).kill()
        self._rest()
        self.scene.site.member(name).start()
        if name == WEB:
            self.scene.site.wait_for_web()

    def _server(self, server: Server) -> None:
        server.kill()
        self._rest()
        server.start()

    def _backend(self) -> None:
        while not self.scene.servers.database.kill_one(self.chance):
            time.sleep(0.01)

    def _child(self) -> None:
        """One in which a worker reads a file of a stranger: it may be recognising a page."""
        ends = time.monotonic() + WAITS_FOR_A_CHILD
        while time.monotonic() < ends:
            children = [child for name in WORKERS for child in self.scene.site.member(name).children()]
            if children:
                with suppress(ProcessLookupError):
                    os.kill(self.chance.choice(children), signal.SIGKILL)
                return
            time.sleep(0.01)
