"""The Celery app and send(job_id); the only module that imports celery.

The job table is the truth and Celery only the legs: a message carries a job's identifier, may come twice, late or never, and the worker
claims the job in the table before it does anything. With `local://` nothing is sent: workers look at the table by themselves.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from celery import Celery
from kombu.exceptions import OperationalError

from archivo.identifiers import JobId
from archivo.jobs import Queue

TASK = "archivo.job"


def celery_app(url: str) -> Celery:
    """The app on a broker: quorum-friendly settings, nothing remembered by Celery itself."""
    app = Celery("archivo", broker=url)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_ignore_result=True,
        broker_connection_retry_on_startup=True,
        worker_enable_remote_control=False,
        task_default_queue=Queue.INGEST,
        broker_transport_options={"confirm_publish": True},
    )
    return app


class CeleryLegs:
    """Sends a message a job. With the broker away the job waits in its table and a sweep finds it."""

    def __init__(self, url: str) -> None:
        self._app = celery_app(url)

    def send(self, job_id: JobId, queue: Queue) -> None:
        with suppress(OperationalError):
            self._app.send_task(TASK, args=(job_id,), queue=str(queue), retry=False)


def run_worker(url: str, queues: Sequence[Queue], threads: int, work: Callable[[str], None]) -> None:
    """Receive messages and give each job's identifier to `work`, until told to stop; threads, never forked children."""
    app = celery_app(url)

    def run_job(job_id: str) -> None:
        work(job_id)

    app.task(name=TASK)(run_job)
    names = ",".join(str(queue) for queue in queues)
    app.worker_main(["worker", "--pool=threads", f"--concurrency={threads}", f"--queues={names}", "--without-gossip", "--without-mingle"])
