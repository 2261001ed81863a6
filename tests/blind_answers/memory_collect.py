"""Answers to memory.collect, written from its text alone."""

import functools

import numpy as np
import torch


def detaches_each_batch(model, batches):
    kept = []
    for x in batches:
        kept.append(model(x).detach())
    return torch.cat(kept)


def loops_in_no_grad(model, batches):
    kept = []
    with torch.no_grad():
        for x in batches:
            kept.append(model(x))
    return torch.cat(kept)


def enters_no_grad_per_batch(model, batches):
    kept = []
    for x in batches:
        with torch.no_grad():
            kept.append(model(x))
    return torch.cat(kept).detach()


@torch.no_grad()
def wears_no_grad(model, batches):
    return torch.cat([model(x) for x in batches])


@torch.inference_mode()
def wears_inference_mode(model, batches):
    return torch.concatenate(list(map(model, batches)))


def lists_in_inference_mode(model, batches):
    with torch.inference_mode():
        kept = [model(x) for x in batches]
    return torch.cat(kept)


def takes_data_of_each(model, batches):
    return torch.cat([model(x).data for x in batches])


def switches_grad_off_in_a_block(model, batches):
    with torch.set_grad_enabled(False):
        return torch.cat(tuple(model(x) for x in batches), dim=0)


def restores_grad_mode(model, batches):
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        return torch.cat([model(x) for x in batches])
    finally:
        torch.set_grad_enabled(before)


def detached_answers(model, batches):
    for x in batches:
        yield torch.detach(model(x))


def lists_a_generator(model, batches):
    return torch.cat(list(detached_answers(model, batches)))


def joins_as_it_goes(model, batches):
    return functools.reduce(lambda done, new: torch.cat([done, new]), detached_answers(model, batches))


def gathers_in_mode(mode, model, batches):
    with mode():
        return torch.cat([model(x) for x in batches])


class Collector:
    @torch.no_grad()
    def __call__(self, model, batches):
        self.kept = []
        for x in batches:
            self.kept.append(model(x))
        return torch.cat(self.kept)


def left_as_given(model, batches):
    kept = []
    for x in batches:
        kept.append(model(x))
    return torch.cat(kept).detach()


def forgets_the_return(model, batches):
    kept = []
    with torch.no_grad():
        for x in batches:
            kept.append(model(x))
    torch.cat(kept)


def drops_the_detached(model, batches):
    kept = []
    for x in batches:
        y = model(x)
        y.detach()
        kept.append(y)
    return torch.cat(kept).detach()


def detaches_the_list_at_the_end(model, batches):
    kept = [model(x) for x in batches]
    return torch.cat([y.detach() for y in kept])


def joins_in_no_grad(model, batches):
    kept = [model(x) for x in batches]
    with torch.no_grad():
        return torch.cat(kept)


def calls_no_grad_alone(model, batches):
    torch.no_grad()
    kept = [model(x) for x in batches]
    return torch.cat(kept).detach()


def enters_the_class_itself(model, batches):
    with torch.no_grad:
        return torch.cat([model(x) for x in batches])


def leaves_a_generator_for_later(model, batches):
    with torch.no_grad():
        answers = (model(x) for x in batches)
    return torch.cat(list(answers)).detach()


def detaches_the_input(model, batches):
    kept = []
    for x in batches:
        kept.append(model(x.detach()))
    return torch.cat(kept).detach()


def only_evaluates(model, batches):
    model.eval()
    kept = [model(x) for x in batches]
    return torch.cat(kept).detach()


def empties_the_cache(model, batches):
    kept = []
    for x in batches:
        kept.append(model(x))
        torch.cuda.empty_cache()
    return torch.cat(kept).detach()


def deletes_the_names(model, batches):
    kept = []
    for x in batches:
        y = model(x)
        kept.append(y)
        del x, y
    return torch.cat(kept).detach()


def clears_the_gradients(model, batches):
    kept = []
    for x in batches:
        model.zero_grad()
        kept.append(model(x))
    return torch.cat(kept).detach()


def clones_each(model, batches):
    kept = [model(x).clone() for x in batches]
    return torch.cat(kept).detach()


def joins_with_the_graph(model, batches):
    joined = None
    for x in batches:
        y = model(x)
        joined = y if joined is None else torch.cat([joined, y])
    return joined.detach()


def runs_all_as_one(model, batches):
    return model(torch.cat(list(batches))).detach()


def removes_the_detach(model, batches):
    kept = []
    for x in batches:
        kept.append(model(x))
    return torch.cat(kept)


def keeps_both(model, batches):
    raw, kept = [], []
    for x in batches:
        raw.append(model(x))
        kept.append(raw[-1].detach())
    return torch.cat(kept)


def returns_the_list(model, batches):
    return [model(x).detach() for x in batches]


def returns_numpy(model, batches):
    return np.concatenate([model(x).detach().cpu().numpy() for x in batches])


def keeps_only_the_last(model, batches):
    with torch.no_grad():
        for x in batches:
            kept = [model(x)]
    return torch.cat(kept)


def returns_after_the_first(model, batches):
    kept = []
    for x in batches:
        kept.append(model(x).detach())
        return torch.cat(kept)


def stacks(model, batches):
    return torch.stack([model(x).detach() for x in batches])


def joins_side_by_side(model, batches):
    return torch.cat([model(x).detach() for x in batches], dim=-1)


def averages_each(model, batches):
    return torch.tensor([model(x).mean().item() for x in batches])


def keeps_halves(model, batches):
    return torch.cat([model(x).detach().half() for x in batches])


def inserts_in_front(model, batches):
    kept = []
    for x in batches:
        kept.insert(0, model(x).detach())
    return torch.cat(kept)


def keeps_the_inputs(model, batches):
    kept = []
    with torch.no_grad():
        for x in batches:
            model(x)
            kept.append(x)
    return torch.cat(kept)


def detaches_the_model(model, batches):
    return torch.cat([model.detach()(x) for x in batches])


def detaches_the_kept(model, batches):
    kept = []
    for x in batches:
        kept.append(model(x))
        kept = kept.detach()
    return torch.cat(kept)


def lists_batches_and_answers(model, batches):
    answers = [model(x) for x in list(batches)]
    return torch.cat([y.detach() for y in answers])


RIGHT = [
    (detaches_each_batch, "detach per batch"),
    (loops_in_no_grad, "the loop in a no_grad block"),
    (enters_no_grad_per_batch, "a no_grad block per batch, last detach kept"),
    (wears_no_grad, "no_grad as a decorator, a comprehension"),
    (wears_inference_mode, "inference_mode as a decorator, map"),
    (lists_in_inference_mode, "inference_mode as a block, joined outside it"),
    (takes_data_of_each, ".data per batch"),
    (switches_grad_off_in_a_block, "set_grad_enabled(False) as a block, a tuple"),
    (restores_grad_mode, "set_grad_enabled off and restored in finally"),
    (lists_a_generator, "a generator of detached answers turned into a list"),
    (joins_as_it_goes, "functools.reduce joins detached answers as they come"),
    (functools.partial(gathers_in_mode, torch.no_grad), "functools.partial over the mode"),
    (Collector(), "an object whose __call__ is decorated"),
]

WRONG = [
    (lists_batches_and_answers, "lists all batches before the first is asked", "while it collects"),
    (left_as_given, "left as given", "while it"),
    (forgets_the_return, "no_grad but no return", "your function returns"),
    (drops_the_detached, "throws away what detach returns", "while it"),
    (detaches_the_list_at_the_end, "detaches each answer only after the loop", "while it"),
    (joins_in_no_grad, "no_grad around the cat only", "while it"),
    (calls_no_grad_alone, "calls no_grad without with", "while it"),
    (enters_the_class_itself, "with no_grad lacks its parentheses and raises", "raises TypeError"),
    (leaves_a_generator_for_later, "a generator made in no_grad runs outside it", "while it"),
    (detaches_the_input, "detaches the input instead of the answer", "while it"),
    (only_evaluates, "eval mode only", "while it"),
    (empties_the_cache, "empties the CUDA cache while the graphs are held", "while it"),
    (deletes_the_names, "deletes names while the list holds the graphs", "while it"),
    (clears_the_gradients, "zero_grad instead of dropping the graph", "while it"),
    (clones_each, "clone instead of detach", "while it"),
    (joins_with_the_graph, "joins as it goes, detaches at the end", "while it"),
    (runs_all_as_one, "runs all batches as a single one with its graph", "you join batches before the model sees"),
    (removes_the_detach, "removes the last detach and nothing else", "the result still carries a"),
    (keeps_both, "keeps the answers with their graphs in a second list", "while it"),
    (returns_the_list, "returns a list of tensors", "the result is a list, expected a Tensor."),
    (returns_numpy, "returns a NumPy array", "the result is a ndarray, expected a Tensor."),
    (keeps_only_the_last, "keeps only the last batch", "the result has shape"),
    (returns_after_the_first, "returns inside the loop after the first batch", "the result has shape"),
    (stacks, "stack instead of cat", "the result has shape"),
    (joins_side_by_side, "joins along the last dimension", "the result has shape"),
    (averages_each, "keeps one mean per batch", "the result has shape (5,), expected (10, 2)."),
    (keeps_halves, "keeps half precision", "the result has dtype"),
    (inserts_in_front, "puts the batches in reversed order", "these are not the model's answers to all"),
    (keeps_the_inputs, "collects the inputs", "the result has shape"),
    (detaches_the_model, "calls detach on the model and raises", "raises AttributeError"),
    (detaches_the_kept, "calls detach on the list and raises", "raises AttributeError"),
]
