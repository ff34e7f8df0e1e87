"""Reading ahead: pages become load batches, in order, bounded, and nobody waits in silence."""

import asyncio
import selectors

import pytest

from ingestion.base.datasource import LoopGuard
from ingestion.base.exceptions import ConfigurationError, SourceError
from ingestion.base.reading import AHEAD, BATCH_BYTES, BATCH_ROWS, BATCH_SECONDS, load_batches
from ingestion.base.records import Page


class Clock(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer instead of waiting for it."""

    now = 1000.0

    def __init__(self):
        class Selector(selectors.DefaultSelector):
            def select(selector, timeout=None):
                self.now += timeout or 0
                return super().select(0)

        super().__init__(Selector())

    def time(self):
        return self.now


def run(work):
    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(work)


def page(number, records=1, *, size=0):
    return Page([{"id": f"{number}-{n}"} for n in range(records)], {"page": number}, size=size, calls=1)


class Source:
    """Pages after pauses (seconds); a number among the pages is a pause, an exception is raised."""

    def __init__(self, *script):
        self.script = script
        self.made = 0
        self.closed = False

    async def read(self):
        try:
            for each in self.script:
                if isinstance(each, Exception):
                    raise each
                if isinstance(each, Page):
                    self.made += 1
                    yield each
                else:
                    await asyncio.sleep(each)
        finally:
            self.closed = True


class Reader:
    """What a consumer of load batches sees: the batches, when they came, how often it was kept alive."""

    def __init__(self, source, *, every=30.0):
        self.beats = 0
        self.source = source
        self.every = every
        self.batches = []
        self.times = []

    async def beat(self):
        self.beats += 1

    def stream(self):
        return load_batches(self.source.read(), where="shop orders", beat=self.beat, every=self.every)

    async def all(self):
        loop = asyncio.get_running_loop()
        start = loop.time()
        async for batch in self.stream():
            self.batches.append(batch)
            self.times.append(round(loop.time() - start, 3))
        return self

    @property
    def sizes(self):
        return [len(batch.records) for batch in self.batches]


def read(*script, **kwargs):
    return run(Reader(Source(*script), **kwargs).all())


# Gathering.


def test_small_pages_become_batches_of_five_thousand_records():
    reader = read(*(page(n, 700) for n in range(20)))

    assert BATCH_ROWS == 5000
    assert reader.sizes == [5600, 5600, 2800]


def test_setting_makes_batches_smaller(monkeypatch):
    monkeypatch.setenv("INGESTION_BATCH_ROWS", "1000")

    assert read(*(page(n, 300) for n in range(8))).sizes == [1200, 1200]


@pytest.mark.parametrize("text", ["0", "many", "-1", ""])
def test_setting_that_is_no_number_of_records_is_refused(monkeypatch, text):
    monkeypatch.setenv("INGESTION_BATCH_ROWS", text)
    with pytest.raises(ConfigurationError, match="INGESTION_BATCH_ROWS"):
        read(page(1))


def test_page_of_a_whole_batch_is_handed_over_as_it_came():
    big = page(1, BATCH_ROWS)

    assert read(big, page(2)).batches[0] is big


def test_batch_is_full_at_eight_mebibytes_however_few_its_records():
    reader = read(*(page(n, 1, size=BATCH_BYTES // 4) for n in range(10)))

    assert BATCH_BYTES == 8 * 2**20
    assert reader.sizes == [4, 4, 2]


def test_what_is_gathered_goes_after_five_seconds_even_if_the_source_is_silent():
    reader = read(page(1), 2, page(2), 60, page(3))

    assert BATCH_SECONDS == 5
    assert (reader.sizes, reader.times) == ([2, 1], [5.0, 62.0])


def test_five_seconds_begin_with_the_first_page_of_each_batch():
    reader = read(*(each for n in range(6) for each in (2, page(n))))

    assert (reader.sizes, reader.times) == ([3, 3], [7.0, 12.0])


def test_nothing_is_handed_over_of_a_source_without_pages():
    assert read().batches == []


def test_records_keep_their_order_over_all_batches():
    reader = read(*(page(n, 700) for n in range(9)))

    records = [record["id"] for batch in reader.batches for record in batch.records]
    assert records == [f"{number}-{n}" for number in range(9) for n in range(700)]


def test_position_is_that_of_the_last_page_and_sizes_and_calls_add_up():
    reader = read(*(page(n, 2000, size=10) for n in range(4)))

    assert [batch.position for batch in reader.batches] == [{"page": 2}, {"page": 3}]
    assert [(batch.size, batch.calls) for batch in reader.batches] == [(30, 3), (10, 1)]


def test_page_without_records_still_moves_the_position():
    reader = read(page(1), Page([], {"page": 2}))

    assert reader.batches[-1].position == {"page": 2}


# Reading ahead.


def test_source_is_never_further_ahead_than_the_bound():
    source = Source(*(page(n, BATCH_ROWS) for n in range(40)))

    async def consume():
        lead = []
        async for _ in Reader(source).stream():
            await asyncio.sleep(10)
            lead.append(source.made - len(lead) - 1)
        return lead

    lead = run(consume())
    assert len(lead) == 40
    assert max(lead) == AHEAD + 1


def test_source_is_read_while_a_batch_is_being_saved():
    source = Source(*(each for n in range(4) for each in (10, page(n, BATCH_ROWS))))

    async def consume():
        loop = asyncio.get_running_loop()
        start = loop.time()
        async for _ in Reader(source).stream():
            await asyncio.sleep(10)
        return loop.time() - start

    assert run(consume()) == 50


# Silence and errors.


def test_run_is_kept_alive_while_the_source_is_silent():
    reader = read(100, page(1), 65, page(2), every=30.0)

    assert reader.sizes == [1, 1]
    assert reader.beats == 3 + 2


def test_error_of_the_heartbeat_stops_the_reading():
    class Lost(Exception):
        pass

    class Reading(Reader):
        async def beat(self):
            raise Lost

    source = Source(100, page(1))
    with pytest.raises(Lost):
        run(Reading(source).all())

    assert (source.made, source.closed) == (0, True)


def test_error_arrives_after_everything_before_it_was_handed_over():
    reader = Reader(Source(page(1, 3000), page(2, 3000), page(3), SourceError("gone"), page(4)))
    with pytest.raises(SourceError, match="gone"):
        run(reader.all())

    assert reader.sizes == [6000, 1]


def test_error_does_not_overtake_pages_that_wait():
    source = Source(*(page(n, BATCH_ROWS) for n in range(AHEAD)), SourceError("gone"))
    reader = Reader(source)

    async def consume():
        async for batch in reader.stream():
            await asyncio.sleep(10)
            reader.batches.append(batch)

    with pytest.raises(SourceError):
        run(consume())

    assert len(reader.batches) == AHEAD


def test_reading_stops_when_the_consumer_leaves_early():
    source = Source(*(page(n, BATCH_ROWS) for n in range(40)))

    async def leave():
        batches = Reader(source).stream()
        await anext(batches)
        await asyncio.sleep(10)
        await batches.aclose()
        closed, made = source.closed, source.made
        await asyncio.sleep(100)
        return closed, made, len(asyncio.all_tasks())

    closed, made, tasks = run(leave())
    assert (closed, tasks) == (True, 1)
    assert source.made == made < 40


def test_reading_stops_when_the_run_is_cancelled():
    source = Source(page(1), 1_000_000)

    async def cancelled():
        task = asyncio.create_task(Reader(source).all())
        await asyncio.sleep(60)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled(), len(asyncio.all_tasks())

    assert run(cancelled()) == (True, 1)
    assert source.closed


def test_cancellation_that_comes_together_with_a_page_is_not_lost():
    async def cancelled():
        async def pages():
            task.cancel()
            for n in range(5):
                yield page(n, BATCH_ROWS)

        source = Source()
        source.read = pages
        reader = Reader(source)
        task = asyncio.create_task(reader.all())
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled(), reader.batches

    assert run(cancelled()) == (True, [])


# Pages that repeat.


def test_repeated_page_is_an_error_that_names_the_resource_and_its_paging():
    reader = Reader(Source(page(1, 3), page(2, 3), page(2, 3), page(3)))
    with pytest.raises(SourceError, match="the same page of 3 records twice") as stopped:
        run(reader.all())

    assert stopped.value.where == "shop orders"
    assert "paging" in stopped.value.fix
    assert reader.sizes == [6]


@pytest.mark.parametrize(
    "pages",
    [
        [page(1), Page([{"id": "1-0"}], {"page": 2})],
        [page(1), Page([{"id": "other"}], {"page": 1})],
        [page(1), page(2), page(1)],
        [Page([], {"page": 1}), Page([], {"page": 1}), Page([], None)],
    ],
    ids=["another position", "other records", "not in a row", "empty"],
)
def test_pages_that_differ_or_are_empty_do_not_loop(pages):
    guard = LoopGuard("shop orders")
    for each in pages:
        guard.check(each)

    assert guard.last is pages[-1]
