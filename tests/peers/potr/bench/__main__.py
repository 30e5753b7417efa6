"""potr-bench: what python-potr takes for the work that `cargo xtask bench` compares. A line of JSON a measurement.

Both sides' work together, in processor time of the whole process. It all is version 2, the only one that potr knows."""
import argparse
import ctypes
import gc
import itertools
import json
import resource
import sys
import time
from typing import Callable, NamedTuple

import backend
from account import Account
from pair import Pair
from policy import Policy

PAIRS = 100
QUICK = 4  # --quick is this much less work


class Measurement(NamedTuple):
    name: str
    work: Callable  # of the accounts and of the size of the texts; what it returns does the work so many times
    size: int
    batches: int
    each: int


def exchanges(accounts, _):
    def work(each):
        for _ in range(each):
            Pair(accounts)
    return work


def ping_pong(accounts, size):
    pair, text = Pair(accounts), b"x" * size
    writers = itertools.cycle((pair.alice, pair.bob))

    def work(each):
        for writer in itertools.islice(writers, each):
            pair.hand_over(writer, text)
    return work


def burst(accounts, size):
    pair, text = Pair(accounts), b"x" * size

    def work(each):
        for _ in range(each):
            pair.hand_over(pair.alice, text)
    return work


def comparisons(accounts, _):
    pair = Pair(accounts)

    def work(each):
        for _ in range(each):
            pair.compare(b"in the bakery")
    return work


def keys(_accounts, _):
    def work(each):
        for _ in range(each):
            backend.Key.generate()
    return work


MEASUREMENTS = (
    Measurement("exchange/2", exchanges, 0, 16, 1),
    Measurement("ping-pong/64", ping_pong, 64, 16, 2),
    Measurement("ping-pong/1024", ping_pong, 1024, 16, 2),
    Measurement("burst/64", burst, 64, 40, 32),
    Measurement("burst/1024", burst, 1024, 40, 32),
    Measurement("burst/65536", burst, 65536, 20, 8),
    Measurement("smp", comparisons, 0, 4, 1),
    Measurement("dsa-key", keys, 0, 12, 1),
)


def measure(accounts, measurement, batches):
    work, each = measurement.work(accounts, measurement.size), measurement.each
    work(each)  # to warm up
    times = []
    for _ in range(batches):
        begun = time.process_time_ns()
        work(each)
        times.append((time.process_time_ns() - begun) // each)
    times.sort()
    mean = {"mean_ns": sum(times) // batches} if measurement.work is keys else {}
    tell(name=measurement.name, iterations=batches * each, median_ns=times[batches // 2], min_ns=times[0], **mean)


def measure_memory(accounts, count):
    kept = [open_and_talk(accounts)]
    before = resident()
    kept += [open_and_talk(accounts) for _ in range(count)]
    tell(name="memory", pairs=count, bytes=(resident() - before) // count)


def open_and_talk(accounts):
    pair = Pair(accounts)
    for writer in (pair.alice, pair.bob) * 2:
        pair.hand_over(writer, b"x" * 64)
    return pair


def resident():
    """Bytes of resident memory, once what is free has been given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def tell(**measured):
    print(json.dumps(measured, separators=(",", ":")), flush=True)


def main():
    parser = argparse.ArgumentParser(prog="potr-bench", allow_abbrev=False)
    parser.add_argument("--quick", action="store_true")
    less = QUICK if parser.parse_args().quick else 1
    backend.install()
    accounts = [Account(name, "prpl-jabber", Policy("manual"), 0, None) for name in ("alice", "bob")]
    for measurement in MEASUREMENTS:
        measure(accounts, measurement, measurement.batches // less)
    measure_memory(accounts, PAIRS // less)


try:
    main()
except Exception as error:  # whatever is not as it should be, in the library too
    sys.exit(f"potr-bench: {type(error).__name__}: {error}")
