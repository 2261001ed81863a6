"""Time the readers of course.files against each other, and against other parsers, on rain made up for it.

All ways read from the page cache into the same array, checked once, and use two threads or two processes. The
slow ways read a part of the text only; speeds are compared, in bytes a second. The whole is larger than a
processor's cache, as 17 GB would be. Runs are interleaved, and the best of each counts: other programs only
add time.

loop          speed of read_fast over that of read_serial
numpy_only    the same with the parser in NumPy, as where numba is not installed
best_process  speed of read_fast over that of the better of read_queues and read_pool
best_peer     speed of read_fast over that of the best of np.fromstring, pandas, polars and pyarrow, if installed
cat           speed of read_fast over that of reading the bytes alone, by cat or, where there is none, a loop
cache         speed of cache_text, once the cache is there, with a look at every page of it, over read_fast

--quick: a smaller text, and one round of the slow ways.
"""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path

WORKERS = 2
os.environ["POLARS_MAX_THREADS"] = str(WORKERS)

import numpy as np  # noqa: E402
from harness import load_average, report  # noqa: E402

from course.files import cache_text, read_fast, read_pool, read_queues, read_serial  # noqa: E402

SHAPE = 15, 4, 101, 101  # of the CIKM AnalytiCup 2017: 15 times, 4 heights, 101 x 101 places
COUNT, MISSING, FILES, COPIES = 15 * 4 * 101 * 101, 255, 4, 4


def write_rain(folder, lines):
    """Write files of echoes with mean and standard deviation of the competition; return their paths."""
    random = np.random.default_rng(0)
    words = np.array([b"%d" % value for value in range(-1, 255)], object)
    paths = [folder / f"train_{index:02}.txt" for index in range(FILES)]
    for path in paths:
        with open(path, "wb") as file:
            for line in range(lines):
                echoes = np.clip(random.normal(48, 41, COUNT), 0, 254).astype(int)
                echoes[random.random(COUNT) < 0.02] = -1
                values = b" ".join(words[echoes + 1])
                file.write(b"train_%d,%.1f,%s\n" % (line, random.gamma(2, 5), values))
    return paths


def with_fromstring(values):
    return np.fromstring(values, np.int16, sep=" ")


def with_pandas(values):
    import pandas

    frame = pandas.read_csv(BytesIO(values), header=None, lineterminator=" ", dtype=np.int16, engine="c")
    return frame[0].to_numpy(copy=True)


def with_polars(values):
    import polars

    frame = polars.read_csv(values, has_header=False, eol_char=" ", schema={"value": polars.Int16})
    return frame["value"].to_numpy(writable=True)


def with_pyarrow(values):
    import pyarrow
    from pyarrow import csv

    pyarrow.set_cpu_count(WORKERS)
    names = csv.ReadOptions(column_names=["value"])
    types = csv.ConvertOptions(column_types={"value": pyarrow.int16()})
    table = csv.read_csv(BytesIO(values.translate(LINES)), names, convert_options=types)
    return table["value"].to_numpy().copy()


LINES = bytes.maketrans(b" ", b"\n")
PEERS = {
    "fromstring": ("numpy", with_fromstring),
    "pandas": ("pandas", with_pandas),
    "polars": ("polars", with_polars),
    "pyarrow": ("pyarrow", with_pyarrow),
}


def read_with(parse, paths, rows):
    """Read as `read_fast` does, with another parser and without its checks."""
    out = np.empty((rows, COUNT), np.uint8)

    def fill(row, line):
        values = parse(line.split(b",", 2)[2].rstrip(b"\n"))
        values[values == -1] = MISSING
        out[row] = values

    with ThreadPoolExecutor(WORKERS) as pool:
        tasks = []
        for path in paths:
            with open(path, "rb") as file:
                for line in file:
                    if len(tasks) >= 2 * WORKERS:  # lines ahead stay few
                        tasks[-2 * WORKERS].result()
                    tasks.append(pool.submit(fill, len(tasks), line))
        for task in tasks:
            task.result()
    return out


def read_bytes(paths):
    if shutil.which("cat"):
        subprocess.run(["cat", *paths], stdout=subprocess.DEVNULL, check=True)
        return
    buffer = bytearray(4 << 20)
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            while file.readinto(buffer):
                pass


def look_at_pages(path, cache):
    values = cache_text(path, SHAPE, missing=MISSING, cache=cache, progress=False).values
    return int(values.reshape(-1)[::4096].sum())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a smaller text, one round of the slow ways")
    quick = parser.parse_args().quick
    load = load_average()
    report(f"{os.cpu_count()} cores, load {load:.1f} before the start")
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), lines=8 if quick else 15, rounds=1 if quick else 3)
    print(json.dumps({"bench": "reading"} | result | {"load": load, "quick": quick}))


def measure(folder, lines, rounds):
    part = write_rain(folder, lines)
    whole = [*part]
    for copy in range(COPIES):
        whole += [shutil.copy(path, folder / f"{path.stem}_{copy}.txt") for path in part]
    report(f"{total(whole) / 1e6:.0f} MB of text, of which the slow ways read {total(part) / 1e6:.0f}")
    options = {"missing": MISSING, "workers": WORKERS, "progress": False}
    slow = {"serial": read_serial, "queues": read_queues, "pool": read_pool}
    slow = {way: partial(read, part, SHAPE, **options) for way, read in slow.items()}
    peers = {
        name: partial(read_with, parse, part, lines * FILES)
        for name, (library, parse) in PEERS.items()
        if importlib.util.find_spec(library)
    }
    if left_out := PEERS.keys() - peers.keys():
        report(f"not installed, left out: {', '.join(sorted(left_out))}")
    if importlib.util.find_spec("numba") is None:
        report("numba is not installed: read_fast takes the parser in NumPy")
    fast = partial(read_fast, whole, SHAPE, **options)
    one, cache = folder / "one.txt", folder / "cache"
    one.write_bytes(b"".join(path.read_bytes() for path in part))
    cache_text(one, SHAPE, missing=MISSING, cache=cache, progress=False)
    quick = {
        "fast": fast,
        "numpy": partial(fast, parser="numpy"),
        "cat": partial(read_bytes, whole),
        "one file": partial(read_fast, one, SHAPE, **options),
        "cache": partial(look_at_pages, one, cache),
    }

    expected = fast().values  # compiles the kernel too
    seconds = {way: [] for way in slow | peers | quick}
    for turn in range(1, rounds + 1):
        for way, call in (slow | peers | quick).items():
            for _ in range(1 if way in slow else 5):
                start = time.perf_counter()
                found = call()
                seconds[way].append(time.perf_counter() - start)
            if turn == 1 and way not in ("cat", "cache"):
                check(way, found, expected)
            report(f"round {turn}  {way:<12} {min(seconds[way]):8.3f} s")
    text = dict.fromkeys(slow | peers, total(part)) | dict.fromkeys(quick, total(whole))
    text |= dict.fromkeys(("one file", "cache"), total([one]))
    speed = {way: text[way] / min(times) for way, times in seconds.items()}
    ratios = {
        "loop": speed["fast"] / speed["serial"],
        "numpy_only": speed["numpy"] / speed["serial"],
        "best_process": speed["fast"] / max(speed["queues"], speed["pool"]),
        "best_peer": speed["fast"] / max(speed[name] for name in peers),
        "cat": speed["fast"] / speed["cat"],
        "cache": speed["cache"] / speed["one file"],
    }
    return {"ratios": ratios, "bytes_per_second": speed, "bytes": total(whole)}


def total(paths):
    return sum(path.stat().st_size for path in paths)


def check(way, found, expected):
    values = found if isinstance(found, np.ndarray) else found.values
    if not np.array_equal(values.reshape(-1, *SHAPE), expected[: len(values)]):
        sys.exit(f"{way} gives other values than read_fast")


if __name__ == "__main__":
    main()
