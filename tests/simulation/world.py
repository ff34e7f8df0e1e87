"""A world: one seed decides its source, its people, its faults and its runs; the same seed, the same world.

The engine, the client, the paging, the processor and the loader are the product's own. Simulated are the
edges: the clock, the processes of the system, the source and whatever may go wrong with the database.
"""

import asyncio
import contextlib
import logging
import random
import socket
import uuid
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

import psutil
import stamina
import time_machine
from asgiref.sync import sync_to_async
from django.core.management.color import no_style
from django.db import connections

from ingestion.base import limits, reading
from ingestion.base.lease import STALE
from ingestion.base.limits import Pace
from ingestion.base.plan import RejectLimit, SyncPlan
from ingestion.base.replay import QuarantineSource
from ingestion.models import RejectedRecord, SyncHistory
from tests.shop.models import ShopCustomer
from tests.simulation.clock import START, Clock, VirtualLoop
from tests.simulation.drawn import Config, Run
from tests.simulation.edges import ATTEMPTS, WORKER, DatabaseEdge, Processes, Worker
from tests.simulation.entities import Client, engine_of, mended
from tests.simulation.oracle import Oracle, Violation
from tests.simulation.questions import questions_to
from tests.simulation.service import FATAL, TRANSIENT, Service

NO_LIMIT = RejectLimit(share=None, count=10**6)
MODELS = (RejectedRecord, SyncHistory, ShopCustomer)
DAY = 86_400


class World:
    """Everything a seed decides. `play` raises Violation where the promise is broken."""

    def __init__(self, seed, stage, *, verbose=False):
        self.seed, self.stage, self.verbose = seed, stage, verbose
        self.rng = random.Random(seed)
        self.clock = stage.clock
        self.clock.reset(START + timedelta(days=self.rng.randrange(300)))
        self.config = Config.drawn(self.rng)
        self.pace = Pace(None)
        self.workers = {}
        self.pids = 10_000_000
        self.runs = self.requests = 0
        self.source_rates = (0.0, 0.0)
        self.database_rate = 0.0
        self.began = {}
        self.engine = engine_of(self.config)
        self.service = Service(self)
        self.last = None
        self.oracle = Oracle(self)

    def tell(self, text):
        if self.verbose:
            print(f"{self.clock.now():%m-%d %H:%M:%S.%f} {text}")

    def trace(self, text):
        if self.verbose:
            self.tell(text())

    def next_pid(self):
        self.pids += 1
        return self.pids

    # What the edges ask.

    def latency(self):
        return self.rng.choice((0.0, 0.1, 0.3, 0.3, 1.0, 2.5, 7.0)) if self.rng.random() < 0.97 else 45.0

    async def wait(self, seconds):
        await asyncio.sleep(self.delayed(seconds))

    def delay(self):
        return self.delayed(self.rng.choice((0.0, 0.0, 0.0, 0.2, 3.0)))

    def delayed(self, seconds):
        """So long, and until the worker's process is let go on."""
        worker, now = WORKER.get(None), self.clock.seconds
        begin, end = (worker and worker.frozen) or (0, 0)
        return max(seconds, end - now) if begin <= now < end else seconds

    def source_fault(self, path):
        passing, fatal = self.source_rates
        drawn = self.rng.random()
        if self.clock.seconds < self.service.down_until:
            return "503"
        if drawn < fatal:
            return self.rng.choice(FATAL)
        return self.rng.choice(TRANSIENT) if drawn < fatal + passing else None

    def database_fault(self, where):
        if self.database_rate and self.rng.random() < self.database_rate * (4 if where == "commit" else 1):
            return self.rng.choice(("locked", "lost", "deadlock", *["answer"] * 3 * (where == "commit")))
        return None

    def began_of(self, history, runs):
        """When the read of a run began: that of the first run that it goes on with."""
        by_pk = {each.pk: each for each in runs}
        while pk := history.configuration.get("resumes"):
            history = by_pk[pk]
        return history.start_time

    def deletion_horizon(self, began):
        """How far back a deletion may have been seen: the run's begin, and what its index still shows."""
        return began - timedelta(seconds=self.config.index_lag + self.config.grain + 1)

    # Runs.

    def plan(self):
        rng, now = self.rng, self.clock.now()
        kind = rng.choices(
            ("plain", "full", "force", "since", "until", "cut", "dry", "restart"),
            (10, 2, 1, 1, 1, 1.5, 1, 0.5),
        )[0]
        moment = now - timedelta(seconds=rng.uniform(0, 3 * DAY))
        flags = {
            "plain": {},
            "full": {"full": True, "allow_deletes": rng.random() < 0.5},
            "force": {"force": True},
            "since": {"start_date": moment},
            "until": {"end_date": moment, "full": rng.random() < 0.5},
            "cut": {"max_records": rng.randrange(1, 15), "full": rng.random() < 0.3},
            "dry": {"dry_run": True},
            "restart": {"restart": True},
        }[kind]
        return SyncPlan(max_rejected=NO_LIMIT, concurrent_pages=self.config.pages_at_once, **flags)

    def worker(self, **kwargs):
        worker = Worker(self, self.rng.choice(("alpha", "alpha", "beta")), **kwargs)
        self.workers[worker.pid] = worker
        return worker

    async def run(self, run, after=0.0):
        """One process: it starts, runs the engine and ends."""
        WORKER.set(run.worker)
        await asyncio.sleep(after)
        run.began = self.clock.now()
        run.blocked = await sync_to_async(self.is_blocked)(run.worker)
        self.tell(f"worker {run.worker.pid} on {run.worker.host} starts: {run.plan.as_configuration()}")
        engine = self.replaying() if run.plan.replay else self.engine(client=Client(self))
        task = asyncio.create_task(engine.run(run.plan))
        if run.cancel_after is not None:
            asyncio.get_running_loop().call_later(run.cancel_after, task.cancel)
        await asyncio.wait([task])
        run.error = asyncio.CancelledError() if task.cancelled() else task.exception()
        run.history = engine.history
        run.worker.dead = True
        self.runs += 1
        self.tell(f"worker {run.worker.pid} ends: {run.history.status} {run.error!r}")

    def replaying(self):
        """The engine with a mapping that takes more, over what waits in quarantine."""
        rows = RejectedRecord.objects.of("simulated", "customers").waiting()
        return mended(self.engine)(client=QuarantineSource(rows))

    def is_blocked(self, worker):
        """Whether somebody holds the lease who is neither known to be dead nor silent for long."""
        token = WORKER.set(None)
        holders = self.stage.questions.holders()
        WORKER.reset(token)
        return any(
            self.clock.now() - heard <= STALE and not self.knows_dead(worker, lease)
            for lease, heard in holders
        )

    def knows_dead(self, worker, lease):
        """Whether the holder of a lease was a process of the same host, and is gone."""
        host, _, pid, *_ = lease.split("|")
        return host == worker.host and self.workers[int(pid)].dead

    async def together(self, *runs):
        await asyncio.gather(*(self.run(run, after) for run, after in runs))

    def step(self, *runs):
        """Let these runs happen (each with the seconds after which it starts), and look."""
        self.stage.loop.run_until_complete(self.together(*runs))
        self.oracle.after_step([run for run, _ in runs])

    def alone(self, plan=None, **kwargs):
        cancel = kwargs.pop("cancel_after", None)
        self.step((Run(self.worker(**kwargs), plan or self.plan(), True, cancel), 0.0))

    # Scenes.

    def calm(self):
        self.alone()

    def bad_source(self):
        self.source_rates = self.rng.choice([(0.2, 0.0), (0.1, 0.05), (0.0, 0.1)])
        if self.rng.random() < 0.2:
            self.service.down_until = self.clock.seconds + 900
        self.alone()
        self.source_rates, self.service.down_until = (0.0, 0.0), 0.0

    def bad_database(self):
        self.database_rate = self.rng.choice([0.01, 0.03, 0.1])
        self.alone()
        self.database_rate = 0.0

    def crash(self):
        self.alone(crash_at=self.rng.randrange(1, 110))

    def signal(self):
        self.alone(cancel_after=self.rng.uniform(0, 20))

    def two_workers(self):
        first, second = (Run(self.worker(), self.plan(), False) for _ in range(2))
        self.step((first, 0.0), (second, self.rng.uniform(0, 15)))

    def zombie(self):
        """A process that is stopped for minutes, while another takes over; then it goes on."""
        first, second = (Run(self.worker(), self.plan(), False) for _ in range(2))
        begin = self.clock.seconds + self.rng.uniform(0, 10)
        first.worker.frozen = (begin, begin + self.rng.uniform(200, 900))
        self.step((first, 0.0), (second, self.rng.uniform(10, 700)))

    def mend(self):
        """Somebody lets in what waits; perhaps while the source is read, or with a process that dies.

        Not while a member is hidden: what waits may still have it, and the source does not say.
        """
        plan = SyncPlan(max_rejected=NO_LIMIT, replay=True)
        if not self.oracle.waiting or self.service.hides_city:
            self.calm()
        elif self.rng.random() < 0.5:
            self.alone(plan, crash_at=self.rng.choice((0, 0, self.rng.randrange(1, 40))))
        else:
            first, second = Run(self.worker(), plan, False), Run(self.worker(), self.plan(), False)
            self.step((first, self.rng.uniform(0, 15)), (second, 0.0))

    def drift(self):
        """The source stops showing a member of every record, or shows it again."""
        self.service.quiet = True
        self.clock.advance(400)
        for _ in range(2):
            self.alone(SyncPlan(max_rejected=NO_LIMIT, full=True, restart=True, allow_deletes=True))
        self.service.hide_city(self.oracle.rows)
        self.service.quiet = False
        self.calm()

    def pass_time(self):
        self.clock.advance(self.rng.choice((1, 60, 400, 4000, DAY / 2, 3 * DAY)))

    def play(self):
        """The whole story. Answers how many runs it had."""
        scenes = {
            self.calm: 4,
            self.bad_source: 2,
            self.bad_database: 2,
            self.crash: 3,
            self.signal: 1,
            self.two_workers: 1,
            self.zombie: 1,
            self.drift: 1,
            self.mend: 1,
        }
        for _ in range(self.rng.randrange(5, 25)):
            self.service.write()
        for _ in range(self.rng.randrange(4, 9)):
            self.service.stir(6)
            self.pass_time()
            self.rng.choices(list(scenes), list(scenes.values()))[0]()
        self.settle()
        return self.runs

    def settle(self):
        """Everybody rests; a plain run must bring everything, and another one nothing."""
        self.service.keep_one()
        self.service.quiet = True
        self.clock.advance(3 * DAY)
        plan = SyncPlan(max_rejected=NO_LIMIT, allow_deletes=True)
        for _ in range(2):  # one may go on with a read that stopped before the last changes
            self.alone(plan)
            self.clock.advance(3 * DAY)
        self.oracle.at_the_end()
        before = self.oracle.database.rows()
        for again in (plan, SyncPlan(max_rejected=NO_LIMIT, full=True)):
            run = Run(self.worker(), again, True)
            self.step((run, 0.0))
            self.oracle.unchanged(before, run)
        self.oracle.no_secret(self.stage.said)


class Said(logging.Handler):
    """Keeps what is logged, for the oracle's search."""

    def __init__(self, lines):
        super().__init__(logging.WARNING)
        self.lines = lines

    def emit(self, record):
        self.lines.append(record.getMessage())


class Stage:
    """What all worlds of a process share: the database, and the edges in place of the real ones."""

    def __init__(self, using):
        self.using = using
        self.said = []

    def __enter__(self):
        processes = self.processes = Processes()
        with contextlib.ExitStack() as stack:
            traveller = stack.enter_context(time_machine.travel(START, tick=False))
            self.clock = Clock(traveller)
            self.edge = DatabaseEdge(connections[self.using])
            self.questions = questions_to(self.using)
            stack.callback(self.edge.remove)
            for where, name, value in (
                (psutil, "Process", processes.process),
                (socket, "gethostname", processes.hostname),
                (uuid, "uuid4", processes.uuid4),
                (limits, "time", SimpleNamespace(monotonic=self.clock.monotonic)),
                (reading, "BATCH_ROWS", reading.BATCH_ROWS),
            ):
                stack.enter_context(patch.object(where, name, value))
            stamina.set_testing(True, attempts=ATTEMPTS, cap=True)
            stack.callback(stamina.set_testing, False)
            logger, handler = logging.getLogger("ingestion"), Said(self.said)
            level, propagate = logger.level, logger.propagate
            logger.addHandler(handler)
            logger.propagate = False
            stack.callback(logger.removeHandler, handler)
            stack.callback(setattr, logger, "propagate", propagate)
            stack.callback(logger.setLevel, level)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *exc_info):
        self.stack.__exit__(*exc_info)

    def play(self, seed, **kwargs):
        """One world on a clean database. Answers its number of runs; raises Violation."""
        tables = [model._meta.db_table for model in MODELS]
        numbered = [{"table": SyncHistory._meta.db_table, "column": "id"}]
        renumber = connections[self.using].ops.sequence_reset_by_name_sql(no_style(), numbered)
        with connections[self.using].cursor() as cursor:
            for statement in (*(f"DELETE FROM {table}" for table in tables), *renumber):
                cursor.execute(statement)
        self.said.clear()
        world = World(seed, self, **kwargs)
        self.edge.world = self.processes.world = world
        self.loop = VirtualLoop(self.clock, world.delay)
        self.loop.set_exception_handler(lambda loop, context: None)
        reading.BATCH_ROWS = world.config.batch_rows
        try:
            return world.play()
        except Exception as error:
            what = str(error) if isinstance(error, Violation) else f"{error!r} came out"
            raise Violation(f"seed {seed}: {what}; replay it with `make simulate SEED={seed}`") from error
        finally:
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.close()
