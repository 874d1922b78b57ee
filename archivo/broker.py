"""Celery on a broker, to send a message a job and to receive them; the only module that imports celery.

The job table is the truth and Celery only the legs: a message carries a job's identifier, may come twice, late or never, and the worker
claims the job in the table before it does anything. With `local://` nothing is sent: workers look at the table by themselves.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit

from amqp.exceptions import AccessRefused, AMQPError, NotAllowed
from celery import Celery
from celery.concurrency.base import apply_target
from celery.concurrency.thread import ApplyResult, TaskPool
from celery.worker.consumer import Consumer
from kombu.entity import Exchange
from kombu.entity import Queue as BrokerQueue

from archivo.errors import Unavailable
from archivo.identifiers import JobId, is_uuid
from archivo.jobs import Queue
from archivo.processes import GRACE

TASK: Final = "archivo.job"
LOG: Final = logging.getLogger("archivo.broker")
CONFIRM: Final = 10.0
"""Seconds in which a broker says that it keeps a message; one that does not is taken for lost."""
ANSWER: Final = 15
"""Seconds in which a broker answers. One that is starting may take a request and never answer it: then the connection is made anew."""
AT_FIRST: Final = {"max_retries": 0}
"""Who asks whether a broker answers does not wait for one that refuses the connection."""
REFUSALS: Final = frozenset({"broker.absent", "broker.refused", "broker.denied"})
"""What a broker that answers says no to until somebody mends it."""
WAITS: Final = "Los trabajos esperan en la base de datos y ninguno se pierde."
UNSENT: Final = 100_000
REFUSES: Final = 60.0
"""Seconds for which a broker that refused a message, and has kept none since, is said not to answer."""
AT_ONCE: Final = 100
"""How many messages are sent before their confirmations are waited for."""
DELIVERIES: Final = 20
"""How often a broker delivers a message that ends its worker; the attempts of its job are spent long before."""


def queue_name(queue: Queue) -> str:
    """The name of a queue on the broker."""
    return f"archivo.{queue}"


def celery_app(url: str) -> Celery:
    """The app on a broker: durable quorum queues, one message a thread, taken as done when it is, nothing remembered by Celery itself.

    By `amqps://` it must prove the name that the address has (RFC 9525) by a certificate of the system's roots, or of SSL_CERT_FILE.
    """
    app = Celery("archivo", broker=url, set_as_current=False)
    app.conf.update(
        task_queues=[_on_broker(queue) for queue in Queue],
        task_create_missing_queues=False,
        task_default_queue=queue_name(Queue.INGEST),
        task_acks_late=True,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_enable_prefetch_count_reduction=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_disable_rate_limits=True,
        worker_consumer="archivo.broker:JobConsumer",
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=4,
        broker_heartbeat=20,
        broker_use_ssl={"server_hostname": urlsplit(url).hostname or "localhost"} if url.startswith("amqps://") else False,
        broker_transport_options={"read_timeout": ANSWER, "write_timeout": ANSWER},
    )
    return app


def _on_broker(queue: Queue) -> Any:
    name = queue_name(queue)
    exchange = Exchange("archivo", "direct", durable=True)  # type: ignore[no-untyped-call]  # kombu has no types
    kept = {"x-queue-type": "quorum", "x-delivery-limit": DELIVERIES}
    return BrokerQueue(name, exchange, name, durable=True, queue_arguments=kept)  # type: ignore[no-untyped-call]  # as above


class Refused(Exception):
    """The broker said that it does not keep a message."""


class CeleryLegs:
    """Sends a message a job, from a thread of its own: who commits a job never waits for the broker.

    What cannot be sent is dropped, for the job waits in its table and a sweep sends it again.
    """

    def __init__(self, url: str) -> None:
        self._app = celery_app(url)
        self._unsent: deque[tuple[JobId, Queue]] = deque(maxlen=UNSENT)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_sending = False
        self._refused_at: float | None = None
        self._asking = threading.Lock()
        self._asked: Any = None

    def send(self, job_id: JobId, queue: Queue) -> None:
        with self._changed:
            self._unsent.append((job_id, queue))
            if self._thread is None:
                self._thread = threading.Thread(target=self._send_all, name="mensajes", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def carried(self, queue: Queue) -> int | None:
        """How many messages wait in a queue of the broker, and here for it; None when it does not answer."""
        try:
            waiting = self._ask(queue)
        except Exception as fault:  # whatever ails it, the broker did not answer
            LOG.info("el agente de mensajes no responde: %s", type(fault).__name__)
            return None
        with self._changed:
            return waiting + sum(one == queue for _, one in self._unsent)

    def check(self) -> None:
        try:
            self._ask(Queue.INGEST)
        except AMQPError as fault:
            raise _refusal(fault) from fault
        except Exception as fault:  # whatever ails it, it did not answer
            raise Unavailable(
                "broker.away",
                f"El servidor de mensajes no responde. {WAITS}",
                "Vea si el servidor de ARCHIVO_BROKER_URL funciona, si la máquina y el puerto son los suyos y si se llega a él desde este "
                "equipo.",
            ) from fault
        if self._is_refusing():
            raise Unavailable(
                "broker.refuses",
                f"El servidor de mensajes responde, pero no guarda lo que se le envía. {WAITS}",
                "Vea si su disco o su memoria están llenos, y en su registro por qué; si sigue igual con espacio, arránquelo de nuevo.",
            )

    def answers(self) -> bool:
        """Whether the broker answers, and keeps what it is sent: one whose disk was full may refuse every message until it is started
        again.
        """
        return self.carried(Queue.INGEST) is not None and not self._is_refusing()

    def close(self, seconds: float = 2.0) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not (self._unsent or self._is_sending), seconds)
        with self._asking:
            self._hang_up()

    def _ask(self, queue: Queue) -> int:
        """How many messages wait in a queue of the broker. Raises what the broker, or the way to it, did."""
        with self._asking:
            try:
                if self._asked is None:
                    self._asked = self._app.connection_for_read(heartbeat=0, transport_options=AT_FIRST)
                asked = self._app.amqp.queues[queue_name(queue)](self._asked.default_channel)
                asked.declare()
                return int(asked.queue_declare(passive=True).message_count)
            except Exception:
                self._hang_up()
                raise

    def _is_refusing(self) -> bool:
        return self._refused_at is not None and time.monotonic() - self._refused_at < REFUSES

    def _hang_up(self) -> None:
        if self._asked is not None:
            with suppress(Exception):
                self._asked.close()
        self._asked = None

    def _send_all(self) -> None:
        while True:
            with self._noting_refusals(), self._app.connection_for_write(heartbeat=0) as connection:
                unconfirmed = _Unconfirmed(connection.default_channel)
                producer = self._app.amqp.Producer(connection.default_channel, auto_declare=False)
                while True:
                    self._send_some(producer)
                    while unconfirmed.tags:
                        connection.drain_events(timeout=CONFIRM)
                    self._refused_at = None
            with self._changed:
                LOG.warning("no se pudo avisar de %d trabajos o más; se avisará de nuevo", len(self._unsent) + 1)
                self._unsent.clear()
                self._is_sending = False
                self._changed.notify_all()
            time.sleep(1)

    @contextmanager
    def _noting_refusals(self) -> Iterator[None]:
        """Whatever ails the broker ends a sending; one that answers, and keeps nothing, is remembered for a while."""
        try:
            yield
        except (Refused, TimeoutError):
            self._refused_at = time.monotonic()
        except Exception as fault:
            LOG.info("el agente de mensajes no recibe: %s", type(fault).__name__)

    def _send_some(self, producer: Any) -> None:
        """Send what waits, or the first of it, or wait for something to send."""
        with self._changed:
            self._is_sending = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._unsent)
            some = [self._unsent.popleft() for _ in range(min(len(self._unsent), AT_ONCE))]
            self._is_sending = True
        for job_id, queue in some:
            to = self._app.amqp.queues[queue_name(queue)]
            named = {"lang": "py", "task": TASK, "id": job_id}
            producer.publish(([job_id], {}, {}), headers=named, exchange=to.exchange, routing_key=to.routing_key, declare=[to])


def _refusal(fault: AMQPError) -> Unavailable:
    """What a broker that answers said no to (AMQP 0-9-1, reply codes), in words."""
    if isinstance(fault, NotAllowed) and "not found" in str(fault):
        return Unavailable(
            "broker.absent",
            f"El servidor de mensajes responde, pero no tiene el espacio (vhost) que se nombra. {WAITS}",
            "Corrija el nombre, que va al final de ARCHIVO_BROKER_URL, o haga ese espacio con «rabbitmqctl add_vhost NOMBRE».",
        )
    if isinstance(fault, AccessRefused) and fault.method_name == "":
        return Unavailable(
            "broker.refused",
            f"El servidor de mensajes responde, pero no acepta el usuario y la clave que se le dan. {WAITS}",
            "Corrija el usuario y la clave en ARCHIVO_BROKER_URL.",
        )
    if isinstance(fault, AccessRefused | NotAllowed):
        return Unavailable(
            "broker.denied",
            f"El servidor de mensajes responde, pero su usuario no tiene derecho a lo que hace falta. {WAITS}",
            "Déselo con «rabbitmqctl set_permissions -p ESPACIO USUARIO '.*' '.*' '.*'».",
        )
    return Unavailable(
        "broker.wrong",
        f"El servidor de mensajes responde, pero no hace lo que se le pide ({type(fault).__name__}). {WAITS}",
        "Vea en su registro por qué; si sus colas «archivo.…» son de otra clase que «quorum», bórrelas: se hacen de nuevo.",
    )


class _Unconfirmed:
    """The messages of a channel that the broker has not yet said it keeps."""

    def __init__(self, channel: Any) -> None:
        self.tags: set[int] = set()
        self._sent = 0
        self._publish = channel.basic_publish
        channel.confirm_select()
        channel.basic_publish = self._counted
        channel.events["basic_ack"].add(self._confirmed)
        channel.events["basic_nack"].add(self._refused)

    def _counted(self, *words: Any, **named: Any) -> Any:
        self._sent += 1
        self.tags.add(self._sent)
        return self._publish(*words, **named)

    def _confirmed(self, tag: int, multiple: bool) -> None:
        self.tags = {other for other in self.tags if other > tag} if multiple else self.tags - {tag}

    def _refused(self, tag: int, multiple: bool) -> None:
        raise Refused


class JobConsumer(Consumer):  # type: ignore[misc]  # celery is not typed
    """Receives messages. One that names no job is dropped with a line in the log, and nothing of it is repeated there."""

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]  # Celery has no types
        """Without the queues of delayed delivery, some thirty, which nothing here uses."""

        default_steps = [step for step in Consumer.Blueprint.default_steps if "delayed_delivery" not in step]  # noqa: RUF012  # Celery reads it of the class

    def connect(self) -> Any:
        """Connect. A queue that was made just before its broker was killed may answer nobody again (RabbitMQ 3.10): it is made anew first.

        What it held is sent again by a sweep.
        """
        with suppress(Exception):  # the broker is away: connecting waits for it
            for queue in list(self.app.amqp.queues.consume_from.values()):
                if not self._answers(queue):
                    LOG.warning("la cola %s no responde; se hace de nuevo", queue.name)
                    with self.app.connection_for_read(heartbeat=0) as connection:
                        queue(connection.default_channel).delete()
        return super().connect()

    def _answers(self, queue: Any) -> bool:
        with self.app.connection_for_read(heartbeat=0) as connection:
            asked = queue(connection.default_channel)
            asked.declare()
            try:
                asked.get()  # given back when the connection closes
            except Exception:  # it was declared, and yet: silence, or an error of the broker's own
                connection.collect(socket_timeout=1)
                return False
        return True

    def on_unknown_message(self, body: Any, message: Any) -> None:
        self._drop(message, "no es un aviso de trabajo")

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        self._drop(message, "pide algo desconocido")

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        self._drop(message, "está mal formado")

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        self._drop(message, "no se puede leer")

    def _drop(self, message: Any, reason: str) -> None:
        came_by = message.delivery_info.get("routing_key")
        LOG.warning("se descartó un mensaje de la cola %s: %s (%d bytes)", came_by, reason, len(message.body))
        message.reject_log_error(LOG, self.connection_errors)


class Hands(TaskPool):  # type: ignore[misc]  # Celery has no types
    """Threads of its own for each queue: no kind of work waits for another, and a message that was received is begun at once."""

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self.at_hand: set[Future[Any]] = set()
        self._of = {queue_name(queue): ThreadPoolExecutor(self.limit, str(queue)) for queue in Queue}

    def on_apply(self, target: Any, args: Any = (), kwargs: Any = None, callback: Any = None, accept_callback: Any = None, **_: Any) -> Any:
        came_by = args[2]["delivery_info"]["routing_key"]
        executor = self._of.get(came_by) or self._of[queue_name(Queue.INGEST)]
        begun = executor.submit(apply_target, target, args, kwargs, callback, accept_callback)
        self.at_hand.add(begun)
        begun.add_done_callback(self.at_hand.discard)
        return ApplyResult(begun)

    def on_stop(self) -> None:
        """Let the jobs at hand end, for a while."""
        for executor in self._of.values():
            executor.shutdown(wait=False, cancel_futures=True)
        wait(list(self.at_hand), GRACE)
        super().on_stop()


def run_worker(url: str, queues: Sequence[Queue], threads: int, work: Callable[[str], None]) -> bool:
    """Receive messages and give each job's identifier to `work`, until SIGTERM; up to `threads` at once of each queue.

    The jobs at hand are waited for, GRACE seconds at most; whether all had ended by then.
    """
    app = celery_app(url)

    def run_job(*words: object, **named: object) -> None:
        if len(words) == 1 and not named and isinstance(words[0], str) and is_uuid(words[0]):
            work(words[0])
        else:
            LOG.warning("se descartó un mensaje: no nombra un trabajo")

    app.task(name=TASK)(run_job)
    names = [queue_name(queue) for queue in queues]
    flags = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True, "quiet": True, "loglevel": "WARNING"}
    worker = app.Worker(pool_cls=Hands, concurrency=threads, queues=names, **flags)
    worker.start()
    return not worker.pool.at_hand
