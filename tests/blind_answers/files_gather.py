"""Answers to files.gather, written from its text alone."""

# Assumed: `workers` is their number. Not here: a sorted list (the order of the numbers is left open by the text).
import time
from functools import partial
from itertools import chain
from queue import Empty

import numpy as np

# ---------------------------------------------------------------- wrong


def as_given(queue, workers):
    found = []
    while (number := queue.get()) is not None:
        found.append(number)
    return found


def one_worker_too_few(queue, workers):
    found, done = [], 0
    while done < workers - 1:
        number = queue.get()
        if number is None:
            done += 1
        else:
            found.append(number)
    return found


def one_worker_too_many(queue, workers):
    found, done = [], 0
    while done <= workers:
        number = queue.get()
        if number is None:
            done += 1
        else:
            found.append(number)
    return found


def two_workers_hard_coded(queue, workers):
    found, done = [], 0
    while done < 2:
        number = queue.get()
        if number is None:
            done += 1
        else:
            found.append(number)
    return found


def zero_counts_as_done(queue, workers):
    found, done = [], 0
    while done < workers:
        number = queue.get()
        if not number:
            done += 1
        else:
            found.append(number)
    return found


def zeros_left_out(queue, workers):
    found, done = [], 0
    while done < workers:
        number = queue.get()
        if number:
            found.append(number)
        elif number is None:
            done += 1
    return found


def nones_kept(queue, workers):
    found = []
    while found.count(None) < workers:
        found.append(queue.get())
    return found


def nones_in_a_row(queue, workers):
    found, done = [], 0
    while done < workers:
        number = queue.get()
        if number is None:
            done += 1
        else:
            done = 0
            found.append(number)
    return found


def drains_until_empty(queue, workers):
    found = []
    while not queue.empty():
        number = queue.get()
        if number is not None:
            found.append(number)
    return found


def gives_up_on_slow_workers(queue, workers):
    found, done = [], 0
    while done < workers:
        try:
            number = queue.get(timeout=0.01)
        except Empty:
            break
        if number is None:
            done += 1
        else:
            found.append(number)
    return found


def takes_what_is_there_after_the_first_none(queue, workers):
    found = []
    while (number := queue.get()) is not None:
        found.append(number)
    while not queue.empty():
        if (number := queue.get()) is not None:
            found.append(number)
    return found


def sleeps_first(queue, workers):
    time.sleep(0.05)
    found = []
    for _ in range(queue.qsize()):
        if (number := queue.get()) is not None:
            found.append(number)
    return found


def none_put_back(queue, workers):
    found = []
    while (number := queue.get()) is not None:
        found.append(number)
    queue.put(None)
    return found


def one_number_each(queue, workers):
    found = []
    for _ in range(workers):
        number = queue.get()
        if number is not None:
            found.append(number)
    return found


def two_gets(queue, workers):
    found, done = [], 0
    while done < workers:
        if queue.get() is None:
            done += 1
        else:
            found.append(queue.get())
    return found


def equal_numbers_once(queue, workers):
    found, done = set(), 0
    while done < workers:
        number = queue.get()
        if number is None:
            done += 1
        else:
            found.add(number)
    return list(found)


def only_the_last_round_kept(queue, workers):
    found = []
    for _ in range(workers):
        found = []
        while (number := queue.get()) is not None:
            found.append(number)
    return found


def a_list_for_each_none(queue, workers):
    return [list(iter(queue.get, None)) for _ in range(workers)]


def list_kept_between_calls(queue, workers, found=[]):  # noqa: B006
    for _ in range(workers):
        while (number := queue.get()) is not None:
            found.append(number)
    return found


def newest_first(queue, workers):
    found = []
    for _ in range(workers):
        while (number := queue.get()) is not None:
            found.insert(0, number)
    return found


def sum_of_the_numbers(queue, workers):
    return sum(number for _ in range(workers) for number in iter(queue.get, None))


def returns_in_the_loop(queue, workers):
    found = []
    for _ in range(workers):
        while (number := queue.get()) is not None:
            found.append(number)
        return found


def forgot_return(queue, workers):
    found = []
    for _ in range(workers):
        while (number := queue.get()) is not None:
            found.append(number)


def never_returns(queue, workers):
    found, done = [], 0
    while True:
        number = queue.get()
        if number is None:
            done += 1
        else:
            found.append(number)


# ---------------------------------------------------------------- right


def counts_the_nones(queue, workers):
    found, done = [], 0
    while done < workers:
        number = queue.get()
        if number is None:
            done += 1
        else:
            found.append(number)
    return found


def one_loop_for_each_worker(queue, workers):
    found = []
    for worker in range(workers):
        while (number := queue.get()) is not None:
            found.append(number)
        print(worker + 1, "of", workers, "done")
    return found


def counts_down(queue, workers):
    found = []
    while workers > 0:
        match queue.get():
            case None:
                workers -= 1
            case number:
                found.append(number)
    return found


def everything_then_filtered(queue, workers):
    items, nones = [], 0
    while nones != workers:
        items.append(queue.get())
        nones += items[-1] is None
    return list(filter(lambda item: item is not None, items))


def nested_generator(queue, workers):
    def numbers():
        left = workers
        while left:
            if (number := queue.get()) is None:
                left -= 1
            else:
                yield number

    return list(numbers())


def until_mark(queue, workers, mark):
    found: list[float] = []
    for _ in np.arange(workers):
        found += iter(queue.get, mark)
    return found


class Gatherer:
    def __call__(self, queue, workers: int) -> list:
        self.found, self.running = [], workers
        while self.running:
            self.take(queue.get())
        return self.found

    def take(self, number):
        if number is None:
            self.running -= 1
        else:
            self.found.append(number)


WRONG = [
    (
        as_given,
        "the given code, ends when the first worker is done",
        "3 workers sent 6 numbers, and 3 arrived: what was the",
    ),
    (one_worker_too_few, "does not wait for the last worker", "1 worker sent 3 numbers, and 0 arrived"),
    (
        one_worker_too_many,
        "waits for one None too many, never returns",
        "it waits for ever: nothing more comes after the last",
    ),
    (two_workers_hard_coded, "right for two workers", "it waits for ever: nothing more comes after the last"),
    (zero_counts_as_done, "the number 0 counts as done", "3 workers sent 6 numbers, and 3 arrived"),
    (zeros_left_out, "the number 0 is left out", "3 workers sent 6 numbers, and those that are 0 got"),
    (nones_kept, "the Nones are in the result", "a None is among the numbers: it only says that a"),
    (nones_in_a_row, "wants all Nones in a row", "it waits for ever: nothing more comes after the last"),
    (
        drains_until_empty,
        "an empty queue does not mean that the workers are done",
        "1 worker sent 3 numbers, and 0 arrived: a queue that",
    ),
    (gives_up_on_slow_workers, "gives up on slow workers", "a worker may be busy for longer than your get waits"),
    (
        takes_what_is_there_after_the_first_none,
        "after the first None only what is there already",
        "3 workers sent 6 numbers, and 3 arrived: a queue that",
    ),
    (
        sleeps_first,
        "waits a fixed time, then takes what is there",
        "1 worker sent 3 numbers, and 0 arrived: a queue that",
    ),
    (none_put_back, "the given code, with a None put back", "3 workers sent 6 numbers, and 3 arrived: what was the"),
    (one_number_each, "as many gets as workers", "1 worker sent 3 numbers, and 1 arrived"),
    (two_gets, "loses each second number", "it waits for ever: nothing more comes after the last"),
    (equal_numbers_once, "equal numbers only once", "3 workers sent 6 numbers, and 5 arrived"),
    (
        only_the_last_round_kept,
        "the list is emptied at each None, right for one worker",
        "3 workers sent 6 numbers, and 2 arrived",
    ),
    (a_list_for_each_none, "lists in a list", "1 worker sent 3 numbers, and 1 arrived"),
    (
        list_kept_between_calls,
        "the default list keeps the numbers of the last call",
        "3 workers sent 6 numbers, and 9 arrived",
    ),
    (newest_first, "the order is turned round", "expected them as they came"),
    (sum_of_the_numbers, "their sum", "the result is a int, expected a list"),
    (returns_in_the_loop, "returns after the first None", "3 workers sent 6 numbers, and 3 arrived: what was the"),
    (forgot_return, "forgot return", "your function returns nothing: does every way through"),
    (never_returns, "never returns", "it waits for ever: nothing more comes after the last"),
]
RIGHT = [
    (counts_the_nones, "counts the Nones"),
    (one_loop_for_each_worker, "a loop for each worker, prints"),
    (counts_down, "match, counts down"),
    (everything_then_filtered, "keeps all, filters at the end"),
    (nested_generator, "a nested generator"),
    (partial(until_mark, mark=None), "a partial; iter with a mark"),
    (Gatherer(), "a callable object, annotated"),
    (
        lambda queue, workers: list(chain.from_iterable(iter(queue.get, None) for _ in range(workers))),
        "a lambda with chain",
    ),
]
