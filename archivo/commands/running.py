"""archivo serve, worker, demo."""

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from archivo.archive import Archive
from archivo.assembly import opened, settings_or_malformed, traces_of
from archivo.audit.sharing import check_shared, share
from archivo.commands.printing import OutputLost, print_line, print_message
from archivo.errors import Malformed, Unavailable, reason_of
from archivo.jobs import Queue
from archivo.operations import logs
from archivo.operations.health import check_index_format
from archivo.operations.reconciling import keep_true
from archivo.settings import Settings
from archivo.starting import known_secret, read_secret, settings_to_start

Act = Callable[[argparse.Namespace], int]


def serve(parser: argparse.ArgumentParser) -> Act:
    """Servir las páginas y la API; con local:// también hace los trabajos."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    return _serve


def worker(parser: argparse.ArgumentParser) -> Act:
    """Hacer los trabajos, sin servir páginas."""
    parser.add_argument("--queues", default=",".join(Queue), metavar="COLAS", help="separadas por comas")
    parser.add_argument("--while-input", action="store_true", help="terminar cuando termine la entrada estándar")
    return _worker


def demo(parser: argparse.ArgumentParser) -> Act:
    """Llenar el archivo con los documentos de muestra y dejarlo funcionando."""
    parser.add_argument("--no-serve", action="store_true", help="no dejar el servidor funcionando")
    parser.add_argument("--port", type=int, default=8000)
    return _demo


COMMANDS: Final = {"serve": serve, "worker": worker, "demo": demo}


def _serve(options: argparse.Namespace) -> int:
    import uvicorn

    from archivo.app import create_app
    from archivo.worker import Crew

    settings = _strict_settings()
    signal.signal(signal.SIGTERM, _leave)
    with _listening(options.host, options.port) as listening, opened(settings, traces_of(settings)) as archive:
        check_index_format(archive)
        check_shared(archive, partial(known_secret, settings), serves=True)  # before one is made that no other machine has
        secret = read_secret(settings)
        share(archive, secret)
        stop = threading.Event()
        crew = Crew(archive, settings.workers) if settings.broker_url == "local://" else None
        try:
            if crew:
                crew.start()
            else:
                threading.Thread(target=keep_true, args=(archive, stop), name="conciliación", daemon=True).start()
            config = uvicorn.Config(
                create_app(archive, secret),
                host=options.host,
                port=options.port,
                log_config=None,
                access_log=False,
                proxy_headers=True,
                forwarded_allow_ips=list(settings.proxies),
                server_header=False,
            )
            server = uvicorn.Server(config)
            with suppress(OutputLost):  # it serves all the same
                print_line(f"Archivo está en http://{options.host}:{listening.getsockname()[1]}/")
            server.run(sockets=[listening])
            return 0 if server.started else 1
        finally:
            stop.set()
            if crew:
                crew.stop()


def _leave(*_: object) -> None:
    """End as told, after what is at hand is given back: uvicorn, once it has ended, raises again the signal that ended it."""
    raise SystemExit(0)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that already takes connections there, so that what is announced is true. Raises Malformed, Unavailable."""
    if not 0 <= port <= 65535:
        raise Malformed("serve.port", f"{port} no es un puerto. No se arrancó nada.", "Elija uno entre 1 y 65535.")
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each answer in two pieces waits 40 ms for its receipt
        return listening
    except OSError as fault:
        raise Unavailable(
            "serve.address",
            f"No se puede atender en {host}, puerto {port} ({reason_of(fault)}). No se arrancó nada.",
            "Elija otro puerto con --port, o termine el programa que lo ocupa.",
        ) from fault


def _worker(options: argparse.Namespace) -> int:
    from archivo.worker import Crew

    settings = _strict_settings()
    queues = _queues(options.queues)
    with opened(settings, traces_of(settings)) as archive:
        check_index_format(archive)
        share(archive, settings.secret)
        if settings.broker_url != "local://":
            return _broker_worker(archive, settings, queues, while_input=options.while_input)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        crew = Crew(archive, settings.workers, queues)
        crew.start()
        if options.while_input:
            _end_with_input()
        print_message("Trabajando. Para terminar: SIGTERM.")
        stop.wait()
        crew.stop()
    return 0


def _end_with_input() -> None:
    """Have the standard input's end tell this process to stop, as SIGTERM does."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1 << 16):  # not through `sys.stdin`: a thread that holds it when all ends aborts the process
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="entrada", daemon=True).start()


def _broker_worker(archive: Archive, settings: Settings, queues: list[Queue], *, while_input: bool) -> int:
    from archivo.worker import work_for_broker

    if while_input:
        _end_with_input()
    print_message("Trabajando. Para terminar: SIGTERM.")
    if not work_for_broker(archive, settings.broker_url, queues, settings.workers):
        archive.legs.close()
        os._exit(0)  # a thread is still at what was handed back, and would be waited for
    return 0


def _demo(options: argparse.Namespace) -> int:
    from archivo.demo.run import run

    return run(settings_or_malformed(), port=options.port, serve=not options.no_serve)


def _strict_settings() -> Settings:
    settings = settings_to_start()
    logs.configure(settings.log)
    return settings


def _queues(text: str) -> list[Queue]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in set(Queue)]
    if unknown or not names:
        known = ", ".join(Queue)
        raise Malformed("queues.unknown", f"No existe la cola «{', '.join(unknown)}». No se arrancó nada.", f"Elija entre {known}.")
    return [Queue(name) for name in names]
