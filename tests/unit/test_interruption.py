"""A run is stopped at once: within a statement, a loop of Python, a cursor; by a signal or by a stage's time limit."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dq_pipeline.errors import DqError, StageError
from dq_pipeline.operating import CancelledError, Interruption
from dq_pipeline.warehouse import Warehouse

# Hours, if nobody ends it.
ENDLESS = "select count(*) from range(100_000_000) a, range(1_000_000) b where (a.range * b.range) % 7 = 3"
TOLD_AT_LATEST = 30.0


def statement(warehouse: Warehouse) -> None:
    warehouse.execute(ENDLESS)


def made_table(warehouse: Warehouse) -> None:
    warehouse.build("raw.t", ENDLESS)


def cursor(warehouse: Warehouse) -> None:
    with warehouse.scratch("scratch") as connection:
        connection.execute(ENDLESS)


def batches(warehouse: Warehouse) -> None:
    list(warehouse.batches(ENDLESS))


def python(_: Warehouse) -> None:
    end = time.monotonic() + 2 * TOLD_AT_LATEST
    while time.monotonic() < end:
        pass


def swallowed(warehouse: Warehouse) -> None:
    """A library that takes an error for an answer, and asks again."""
    for _ in range(1000):
        try:
            warehouse.rows(ENDLESS)
        except DqError:
            continue


WORK = [statement, made_table, cursor, batches, python, swallowed]


def after(seconds: float, number: int) -> threading.Timer:
    timer = threading.Timer(seconds, os.kill, (os.getpid(), number))
    timer.start()
    return timer


@pytest.mark.parametrize("work", WORK, ids=lambda work: work.__name__)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_a_stage_wherever_it_is(work: Callable[[Warehouse], None], number: int, code: int) -> None:
    before = signal.getsignal(number)
    warehouse = Warehouse(threads=1)
    with Interruption() as interruption:
        interruption.watch(warehouse)
        after(0.2, number)
        began = time.monotonic()
        with pytest.raises(CancelledError) as stopped, interruption.stage("link"):
            work(warehouse)
        assert time.monotonic() - began < TOLD_AT_LATEST
        assert stopped.value.exit_code == code
        assert "stage link" in str(stopped.value)
        # The database can still say what there is, and the run's end sees why it is one.
        assert warehouse.value("select 42") == 42
        with pytest.raises(CancelledError):
            interruption.check()
    assert signal.getsignal(number) == before


# What is raised within a destructor is lost, and raised again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("work", WORK, ids=lambda work: work.__name__)
def test_a_stage_that_takes_too_long_is_stopped(work: Callable[[Warehouse], None]) -> None:
    warehouse = Warehouse(threads=1)
    with Interruption() as interruption:
        interruption.watch(warehouse)
        with interruption.stage("ingest", limit_minutes=1):
            pass
        with pytest.raises(StageError) as stopped, interruption.stage("link", limit_minutes=0.3 / 60):
            work(warehouse)
    assert stopped.value.exit_code == 1
    assert "the stage link took longer than 0.005 minutes" in str(stopped.value)
    assert "resources.stage_timeout_minutes" in str(stopped.value)


def test_outside_of_a_stage_a_signal_is_only_noted() -> None:
    with Interruption() as interruption:
        with interruption.stage("publish", limit_minutes=1):
            done = 1
        os.kill(os.getpid(), signal.SIGTERM)
        done += 1
        assert done == 2
        with pytest.raises(CancelledError, match="SIGTERM in the stage publish"):
            interruption.check()
        with pytest.raises(CancelledError), interruption.stage("another"):
            done += 1
    assert done == 2


def test_an_error_of_the_stage_stays_what_it_is() -> None:
    with Interruption() as interruption, pytest.raises(KeyError), interruption.stage("score", limit_minutes=1):
        raise KeyError("x")


def test_in_another_thread_a_time_limit_still_ends_a_statement() -> None:
    raised: list[BaseException] = []

    def run() -> None:
        warehouse = Warehouse(threads=1)
        with Interruption() as interruption:
            interruption.watch(warehouse)
            try:
                with interruption.stage("link", limit_minutes=0.3 / 60):
                    warehouse.execute(ENDLESS)
            except StageError as error:
                raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(TOLD_AT_LATEST)
    assert len(raised) == 1
    assert "took longer" in str(raised[0])


def test_a_second_signal_ends_the_process_there_and_then(tmp_path: Path) -> None:
    program = f"""
import os, signal, time
from dq_pipeline.operating import CancelledError, Interruption
with Interruption() as interruption:
    os.kill(os.getpid(), signal.SIGTERM)
    open({str(tmp_path / "first")!r}, "w").close()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
"""
    ended = subprocess.run([sys.executable, "-c", program], timeout=120, check=False)
    assert (tmp_path / "first").exists()
    assert ended.returncode == -signal.SIGTERM
