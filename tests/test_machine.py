"""Cores and open files are counted by the limits that are set: affinity, control groups, ulimit."""

import math
import os
import subprocess
import sys

import pytest

from course import _machine
from course._machine import choose_workers, free_files, memory_limit, usable_cores


@pytest.fixture
def eight_cores(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


GROUPS = {  # what /proc/self/cgroup says, the files below /sys/fs/cgroup, and how many of eight cores that leaves
    "no groups": (None, {}, 8),
    "2, no limit": ("0::/\n", {"cpu.max": "max 100000\n"}, 8),
    "2, in a container": ("0::/\n", {"cpu.max": "300000 100000\n"}, 3),
    "2, one and a half": ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),
    "2, half a core": ("0::/\n", {"cpu.max": "50000 100000\n"}, 1),
    "2, more than there are": ("0::/\n", {"cpu.max": "9900000 100000\n"}, 8),
    "2, an outer group": ("0::/a b/c\n", {"a b/cpu.max": "200000 100000\n", "a b/c/cpu.max": "max 100000\n"}, 2),
    "2, the inner group": ("0::/a/b\n", {"a/cpu.max": "400000 100000\n", "a/b/cpu.max": "100000 100000\n"}, 1),
    "1, no limit": ("4:cpu,cpuacct:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
    "1, seen from within": (
        "9:memory:/m\n4:cpuacct,cpu:/docker/x\n0::/\n",
        {"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"},
        3,
    ),
    "1, a group": ("1:cpu:/a\n", {"cpu/a/cpu.cfs_quota_us": "40000\n", "cpu/a/cpu.cfs_period_us": "20000\n"}, 2),
    "a file that is cut": ("0::/\n", {"cpu.max": "1000"}, 8),
}


@pytest.mark.parametrize("name", GROUPS)
def test_cores_are_those_that_affinity_and_control_groups_leave(tmp_path, eight_cores, name):
    said, files, cores = GROUPS[name]
    write_groups(tmp_path, said, files)
    assert usable_cores(tmp_path) == cores


def write_groups(root, said, files):
    if said is not None:
        (root / "proc/self").mkdir(parents=True)
        (root / "proc/self/cgroup").write_text(said)
    for file, text in files.items():
        path = root / "sys/fs/cgroup" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    "said, files, limit",
    [
        (None, {}, math.inf),
        ("0::/\n", {"memory.max": "max\n"}, math.inf),
        ("0::/\n", {"memory.max": "500000000\n"}, 5e8),
        ("0::/a/b\n", {"a/memory.max": "500000000\n", "a/b/memory.max": "800000000\n"}, 5e8),
        ("4:memory:/a\n1:cpu:/\n", {"memory/a/memory.limit_in_bytes": "500000000\n"}, 5e8),
        ("4:memory:/a\n0::/\n", {"memory/memory.limit_in_bytes": "500000000\n"}, 5e8),  # seen from within
        ("1:cpu:/a\n", {"memory/a/memory.limit_in_bytes": "500000000\n"}, math.inf),
    ],
)
def test_memory_is_what_the_control_groups_leave(tmp_path, said, files, limit):
    write_groups(tmp_path, said, files)
    assert memory_limit(tmp_path) == limit


def test_without_affinity_the_cores_are_those_of_the_machine(monkeypatch, tmp_path):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    for count, cores in ((6, 6), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        assert usable_cores(tmp_path) == cores


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system sets no affinity")
def test_a_process_held_on_one_core_has_one():
    code = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); "
        "from course._machine import usable_cores; print(usable_cores())"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "1\n"


def test_free_files_are_those_below_the_limit_that_are_not_open():
    pytest.importorskip("resource")
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "from course._machine import free_files\n"
        "before = free_files(); some = [open(__import__('os').devnull) for _ in range(10)]\n"
        "print(before < 64, before - free_files())"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "True 10\n"


def test_where_nobody_counts_open_files_there_is_no_limit(monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows
    assert free_files() == math.inf


@pytest.mark.parametrize(
    "wish, jobs, files, free, workers",
    [
        (None, 70, 1, math.inf, 3),  # one a core
        (None, 2, 1, math.inf, 2),  # one a job
        (5, 70, 1, math.inf, 5),  # as wished
        (5, 4, 1, math.inf, 4),
        (60, 70, 4, 56, 10),  # (56 - 16) / 4
        (60, 70, 1, 56, 40),
        (60, 70, 4, 3, 1),
        (None, 0, 1, math.inf, 1),
    ],
)
def test_workers_are_as_many_as_cores_jobs_and_open_files_allow(monkeypatch, wish, jobs, files, free, workers):
    monkeypatch.setattr(_machine, "usable_cores", lambda: 3)
    monkeypatch.setattr(_machine, "free_files", lambda: free)
    assert choose_workers(wish, jobs, files) == workers
