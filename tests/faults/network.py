"""A way to a server on which a test cuts, delays or swallows what passes: the network between a process and what it needs."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from socket import SO_REUSEADDR, SOL_SOCKET, socket
from typing import Final, TypeVar

T = TypeVar("T")
PIECE: Final = 64 * 1024


Sockets = Callable[[], socket]
"""What makes a socket, which stands in one network whoever uses it."""


@dataclass
class Way:
    """All connections to one server. What a test does to it happens to those that are open and to those that come."""

    upstream: int
    loop: asyncio.AbstractEventLoop
    lead: Sockets = socket
    server: asyncio.Server | None = None
    delay: float = 0.0
    felt: int = 0
    """How often a connection met with what was done to it."""
    goes: asyncio.Event = field(default_factory=asyncio.Event)
    comes: asyncio.Event = field(default_factory=asyncio.Event)
    _is_cut: bool = False
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def port(self) -> int:
        """Where it is entered."""
        assert self.server
        port: int = self.server.sockets[0].getsockname()[1]
        return port

    def late(self, seconds: float) -> None:
        """Each piece comes so much later, in either direction."""
        self.delay = seconds

    def cut(self) -> None:
        """Connections are reset, and new ones as soon as they are made."""
        self._is_cut = True
        self._ask(self._hang_up)

    def swallow(self, *, answers_only: bool = False) -> None:
        """Connections stay open, and nothing arrives any more; or what is asked arrives, and no answer does."""
        self._ask(self.comes.clear)
        if not answers_only:
            self._ask(self.goes.clear)

    def mend(self) -> None:
        """As at the beginning. What was swallowed is lost with its connections, which the way has forgotten."""
        is_whole = not self._is_cut and self.goes.is_set() and self.comes.is_set()
        self._is_cut, self.delay = False, 0.0
        if not is_whole:
            self._ask(self._hang_up)
        self._ask(self.goes.set)
        self._ask(self.comes.set)

    async def carry(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """One connection, from its beginning to its end."""
        self._open.add(to_client)
        to_server = None
        try:
            if self._is_cut:
                self.felt += 1
                return
            server, to_server = await self._reached()
            self._open.add(to_server)
            await asyncio.gather(self._pass(client, to_server, self.goes), self._pass(server, to_client, self.comes))
        except OSError:
            return
        finally:
            for end in (to_client, to_server):
                if end is not None:
                    self._open.discard(end)
                    end.transport.abort()

    async def _reached(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        with ExitStack() as unless_reached:
            leading = unless_reached.enter_context(self.lead())
            leading.setblocking(False)
            await self.loop.sock_connect(leading, ("127.0.0.1", self.upstream))
            unless_reached.pop_all()
        return await asyncio.open_connection(sock=leading)

    async def close(self) -> None:
        assert self.server
        self.server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, may: asyncio.Event) -> None:
        """All that comes, and that no more does; while nothing arrives, not even that."""
        try:
            while piece := await source.read(PIECE):
                self.felt += bool(self.delay or not may.is_set())
                if self.delay:
                    await asyncio.sleep(self.delay)
                await may.wait()
                target.write(piece)
                await target.drain()
        except OSError:
            await may.wait()
            raise
        await may.wait()
        with suppress(OSError):
            target.write_eof()

    def _hang_up(self) -> None:
        self.felt += len(self._open)
        for end in self._open:
            end.transport.abort()

    def _ask(self, act: Callable[[], object]) -> None:
        done = threading.Event()

        def do() -> None:
            act()
            done.set()

        self.loop.call_soon_threadsafe(do)
        assert done.wait(10)


@contextmanager
def ways_to(ports: Mapping[str, int], enter: Sockets = socket, lead: Sockets = socket) -> Iterator[dict[str, Way]]:
    """A way to each of the servers on these ports, by the same names: by the same port from one network to another, else by a new one."""
    with ExitStack() as ended:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        ended.callback(loop.close)
        ended.callback(thread.join)
        ended.callback(loop.call_soon_threadsafe, loop.stop)

        def done(work: Coroutine[None, None, T]) -> T:
            return asyncio.run_coroutine_threadsafe(work, loop).result(10)

        ways = {}
        for name, port in ports.items():
            ways[name] = done(_opened(port, enter, lead))
            ended.callback(lambda way: done(way.close()), ways[name])
        yield ways


async def _opened(port: int, enter: Sockets, lead: Sockets) -> Way:
    way = Way(port, asyncio.get_running_loop(), lead)
    way.goes.set()
    way.comes.set()
    entrance = enter()
    entrance.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    entrance.bind(("127.0.0.1", 0 if enter == lead else port))
    way.server = await asyncio.start_server(way.carry, sock=entrance)
    return way
