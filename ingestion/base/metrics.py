"""PerformanceMonitor: what a run cost, for `SyncHistory.performance_metrics`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil


class PerformanceMonitor:
    """Counts calls and records, the time of each phase and the peak of resident memory.

    Durations are seconds, memory is MiB. Phases overlap where reading goes on while a batch is saved.
    """

    def __init__(self) -> None:
        self.start_time = time.monotonic()
        self.records_processed = 0
        self.records_failed = 0
        self.api_calls_made = 0
        self.peak_bytes = 0
        self.phases: dict[str, float] = {}
        self.details: dict[str, Any] = {}
        self.process = psutil.Process()

    def start_monitoring(self) -> None:
        """Start the clock."""
        self.start_time = time.monotonic()

    def record_api_call(self, count: int = 1) -> None:
        """`count` more requests were sent."""
        self.api_calls_made += count

    def record_processed(self, count: int, failed: int = 0) -> None:
        """`count` more records went through, `failed` of them to the quarantine; samples the memory."""
        self.records_processed += count
        self.records_failed += failed
        self.peak_bytes = max(self.peak_bytes, self.process.memory_info().rss)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.phases[name] = self.phases.get(name, 0.0) + time.perf_counter() - begin

    def get_metrics(self) -> dict[str, Any]:
        """Everything so far, as JSON."""
        duration = time.monotonic() - self.start_time
        records = self.records_processed
        return {
            "duration_seconds": round(duration, 3),
            "records_per_second": round(records / duration, 1) if duration else 0.0,
            "api_calls_per_record": round(self.api_calls_made / records, 4) if records else 0.0,
            "total_api_calls": self.api_calls_made,
            "total_records": records,
            "error_rate": round(self.records_failed / records, 4) if records else 0.0,
            "peak_memory_mib": round(self.peak_bytes / 2**20, 1),
            "phases": {name: round(seconds, 3) for name, seconds in self.phases.items()},
            **self.details,
        }
