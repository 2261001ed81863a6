"""Answers to devices.timer, written from its text alone."""

import sys
import time
from functools import partial
from statistics import median

# ---------------------------------------------------------------- wrong


def never_waits(call, wait, clock):
    call()
    start = clock()
    call()
    return clock() - start


def no_wait_at_the_end(call, wait, clock):
    call()
    wait()
    start = clock()
    call()
    return clock() - start


def no_wait_before_the_start(call, wait, clock):
    call()
    start = clock()
    call()
    wait()
    return clock() - start


def no_warm_up(call, wait, clock):
    wait()
    start = clock()
    call()
    wait()
    return clock() - start


def neither_warm_up_nor_first_wait(call, wait, clock):
    start = clock()
    call()
    wait()
    return clock() - start


def wait_only_before_the_warm_up(call, wait, clock):
    wait()
    call()
    start = clock()
    call()
    wait()
    return clock() - start


def clock_before_the_wait(call, wait, clock):
    call()
    start = clock()
    wait()
    call()
    wait()
    return clock() - start


def clock_before_the_last_wait(call, wait, clock):
    call()
    wait()
    start = clock()
    call()
    end = clock()
    wait()
    return end - start


def warm_up_inside(call, wait, clock):
    wait()
    start = clock()
    call()
    call()
    wait()
    return (clock() - start) / 2


def two_calls_timed(call, wait, clock):
    call()
    wait()
    start = clock()
    for _ in range(2):
        call()
    wait()
    return clock() - start


def divided_by_all_calls(call, wait, clock, repeats=3):
    call()
    wait()
    start = clock()
    for _ in range(repeats):
        call()
    wait()
    return (clock() - start) / (repeats + 1)


def mean_with_the_first(call, wait, clock):
    times = []
    for _ in range(3):
        wait()
        start = clock()
        call()
        wait()
        times.append(clock() - start)
    return sum(times) / len(times)


def slowest_of_three(call, wait, clock):
    times = []
    for _ in range(3):
        wait()
        start = clock()
        call()
        wait()
        times.append(clock() - start)
    return max(times)


def difference_to_the_first(call, wait, clock):
    times = []
    for _ in range(2):
        wait()
        start = clock()
        call()
        wait()
        times.append(clock() - start)
    return times[0] - times[1]


def another_clock(call, wait, clock):
    call()
    wait()
    start = time.perf_counter()
    call()
    wait()
    return time.perf_counter() - start


def milliseconds(call, wait, clock):
    call()
    wait()
    start = clock()
    call()
    wait()
    return 1000 * (clock() - start)


def wrong_sign(call, wait, clock):
    call()
    wait()
    start = clock()
    call()
    wait()
    return start - clock()


def time_of_day(call, wait, clock):
    call()
    wait()
    call()
    wait()
    return clock()


def waits_named_but_not_called(call, wait, clock):
    call()
    wait  # noqa: B018
    start = clock()
    call()
    wait  # noqa: B018
    return clock() - start


def whole_seconds(call, wait, clock):
    call()
    wait()
    start = clock()
    call()
    wait()
    return int(clock() - start)


def sleeps_instead_of_waiting(call, wait, clock):
    call()
    time.sleep(0.01)
    start = clock()
    call()
    time.sleep(0.01)
    return clock() - start


def prints_the_seconds(call, wait, clock):
    call()
    wait()
    start = clock()
    call()
    wait()
    print(clock() - start)


def leaves_python(call, wait, clock):
    sys.exit(0)


# ---------------------------------------------------------------- right


def warm_up_wait_time(call, wait, clock):
    call()
    wait()
    start = clock()
    call()
    wait()
    return clock() - start


def waits_before_the_warm_up_too(call, wait, clock):
    wait()
    call()
    wait()
    times = [clock()]
    call()
    wait()
    times.append(clock())
    return times[1] - times[0]


def mean_of_several(call, wait, clock):
    repeats = 4
    call()
    wait()
    start = clock()
    for _ in range(repeats):
        call()
    wait()
    end = clock()
    return (end - start) / repeats


def second_of_two(call, wait, clock):
    seconds = 0.0
    for _ in range(2):
        wait()
        start = clock()
        call()
        wait()
        seconds = clock() - start
    return seconds


def middle_of_several(call, wait, clock, repeats):
    def once() -> float:
        wait()
        start = clock()
        call()
        wait()
        return clock() - start

    once()
    return median(once() for _ in range(repeats))


class Stopwatch:
    def __init__(self):
        self.calls = 0

    def __call__(self, call, wait, clock) -> float:
        self.run(call, wait)
        start = clock()
        self.run(call, wait)
        end = clock()
        print("calls", self.calls, "seconds", end - start)
        return end - start

    def run(self, call, wait):
        self.calls += 1
        call()
        wait()


WRONG = [
    (never_waits, "never waits", "s: that is how long it takes to order the work. When"),
    (no_wait_at_the_end, "times the order, not the work", "s: that is how long it takes to order the work. When"),
    (
        no_wait_before_the_start,
        "times the warm-up and older work in the queue, too",
        "s: older work was still in the queue when you looked",
    ),
    (no_warm_up, "times the first call", "s: the first call takes longer, and it is in your"),
    (
        neither_warm_up_nor_first_wait,
        "times the first call and older work in the queue",
        "s: the first call takes longer, and it is in your",
    ),
    (
        wait_only_before_the_warm_up,
        "the warm-up is still in the queue",
        "s: older work was still in the queue when you looked",
    ),
    (clock_before_the_wait, "the clock starts before the wait", "s: older work was still in the queue when you looked"),
    (
        clock_before_the_last_wait,
        "the clock stops before the wait",
        "s: that is how long it takes to order the work. When",
    ),
    (warm_up_inside, "a mean that has the first call in it", "s: between your looks at the clock are 2 calls"),
    (two_calls_timed, "the time of two calls", "s: between your looks at the clock are 2 calls"),
    (
        divided_by_all_calls,
        "divides by the number of calls with the warm-up",
        "s: between your looks at the clock are 3 calls",
    ),
    (
        mean_with_the_first,
        "a mean that has the first call in it, waits each time",
        "s: between your looks at the clock are 3 calls",
    ),
    (slowest_of_three, "the slowest, that is the first", "s: the first call takes longer, and it is in your"),
    (
        difference_to_the_first,
        "how much longer the first call takes",
        "s: the first call takes longer, and it is in your",
    ),
    (another_clock, "another clock", "you did not look at the clock that you were given"),
    (milliseconds, "milliseconds", "s: the first call takes longer, and it is in your"),
    (wrong_sign, "the sign", "s: the end minus the start, not the other way round"),
    (
        time_of_day,
        "the time at the end, right for a clock that starts at 0 there",
        "s: the first call takes longer, and it is in your",
    ),
    (waits_named_but_not_called, "wait without brackets", "s: that is how long it takes to order the work. When"),
    (whole_seconds, "cut to whole seconds", "s: older work was still in the queue when you looked"),
    (
        sleeps_instead_of_waiting,
        "sleeps a fixed time instead of waiting",
        "s: that is how long it takes to order the work. When",
    ),
    (prints_the_seconds, "prints instead of returning", "your function returns nothing: does every way through"),
    (leaves_python, "calls sys.exit", "your function raises SystemExit in its line"),
]
RIGHT = [
    (warm_up_wait_time, "one call to warm up, then one timed"),
    (waits_before_the_warm_up_too, "one more wait, times in a list"),
    (mean_of_several, "a mean of four calls after the warm-up"),
    (second_of_two, "a loop, the last time counts"),
    (partial(middle_of_several, repeats=3), "a partial; the median of three, nested helper"),
    (Stopwatch(), "a callable object with a counter, prints"),
]
