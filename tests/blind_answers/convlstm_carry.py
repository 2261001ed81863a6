"""Answers to convlstm.carry, written from its text alone."""

import statistics
from functools import partial

import torch
from torch.nn import functional as F

# ---------------------------------------------------------------- wrong


def as_given(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        optimizer.step()
        total += loss
    return total / len(chunks)


def only_the_retain_graph_removed(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(chunks)


def state_forgotten_at_each_chunk(model, chunks, optimizer):
    total = 0
    for x, y in chunks:
        y_pred, _ = model(x, None)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(chunks)


def only_h_cut(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, (h, c) = model(x, state)
        state = h.detach(), c
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(chunks)


def only_c_cut(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, (h, c) = model(x, state)
        state = h, c.detach()
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(chunks)


def returns_a_tensor(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        state = tuple(part.detach() for part in state)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach()
    return total / len(chunks)


def total_keeps_the_graphs(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        state = tuple(part.detach() for part in state)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        optimizer.step()
        total += loss
    return (total / len(chunks)).item()


def one_backward_at_the_end(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        total = total + F.mse_loss(y_pred, y)
    mean = total / len(chunks)
    optimizer.zero_grad()
    mean.backward()
    optimizer.step()
    return mean.item()


def keeps_all_states(model, chunks, optimizer):
    states, losses = [None], []
    for x, y in chunks:
        y_pred, state = model(x, states[-1])
        states.append(tuple(part.detach() for part in state))
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append((loss.item(), y_pred))
    return sum(value for value, _ in losses) / len(chunks)


def returns_the_sum(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        state = state[0].detach(), state[1].detach()
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total


def returns_the_last_loss(model, chunks, optimizer):
    state, value = None, 0.0
    for x, y in chunks:
        y_pred, state = model(x, state)
        state = state[0].detach(), state[1].detach()
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        value = loss.item()
    return value


def prediction_detached(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        state = tuple(part.detach() for part in state)
        loss = F.mse_loss(y_pred.detach().requires_grad_(), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(chunks)


def gradients_emptied_before_the_step(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        state = tuple(part.detach() for part in state)
        loss = F.mse_loss(y_pred, y)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        total += loss.item()
    return total / len(chunks)


def gradients_pile_up(model, chunks, optimizer):
    state, total = None, 0
    optimizer.zero_grad()
    for x, y in chunks:
        y_pred, state = model(x, state)
        state = tuple(part.detach() for part in state)
        loss = F.mse_loss(y_pred, y)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(chunks)


def state_of_the_first_chunk_for_ever(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, new_state = model(x, state)
        if state is None:
            state = tuple(part.detach() for part in new_state)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(chunks)


def detach_without_assignment(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        for part in state:
            part.detach()
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(chunks)


def zeros_instead_of_the_state(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        state = tuple(torch.zeros_like(part) for part in state)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(chunks)


def returns_in_the_loop(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        state = tuple(part.detach() for part in state)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        return total / len(chunks)


def prints_the_mean(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        state = tuple(part.detach() for part in state)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(total / len(chunks))


# ---------------------------------------------------------------- right


def cut_after_the_model(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        state = tuple(part.detach() for part in state)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(chunks)


def cut_before_the_model(model, chunks, optimizer):
    state, total = None, 0.0
    for x, y in chunks:
        if state is not None:
            h, c = state
            state = h.detach(), c.detach()
        optimizer.zero_grad()
        y_pred, state = model(x, state)
        loss = F.mse_loss(y_pred, y)
        loss.backward()
        optimizer.step()
        total = total + float(loss)
    return total / len(chunks)


def detached_tensor_sum(model, chunks, optimizer):
    state, total = None, torch.zeros((), dtype=torch.float64)
    for x, y in chunks:
        optimizer.zero_grad(set_to_none=False)
        y_pred, (h, c) = model(x, state)
        loss = (y_pred - y).square().mean()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            state = h.clone().detach(), c.clone().detach()
            total += loss.cpu()
    return (total / len(chunks)).item()


def list_of_numbers(model, chunks, optimizer):
    losses = []
    state = None

    def cut(pair):
        return tuple(map(torch.Tensor.detach, pair))

    for number, (x, y) in enumerate(chunks, 1):
        y_pred, state = model(x, state)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        state = cut(state)
        losses.append(loss.item())
        print("chunk", number, losses[-1])
    return statistics.fmean(losses)


def stream_with_loss(model, chunks, optimizer, criterion):
    state, mean = None, 0.0
    for k, (x, y) in enumerate(chunks):
        y_pred, new = model(x, state)
        loss = criterion(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        state = new[0].data, new[1].data
        mean += (loss.item() - mean) / (k + 1)
    return mean


class StreamTrainer:
    def __init__(self):
        self.chunks_seen = 0

    def __call__(self, model, chunks, optimizer) -> float:
        state, total = None, 0.0
        for x, y in chunks:
            value, state = self.train_chunk(model, x, y, state, optimizer)
            total += value
        return total / len(chunks)

    def train_chunk(self, model, x, y, state, optimizer):
        self.chunks_seen += 1
        y_pred, (h, c) = model(x, state)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item(), (h.detach(), c.detach())


WRONG = [
    (as_given, "the given code", "the second backward walks on into the graph of the"),
    (
        only_the_retain_graph_removed,
        "the state still hangs in the old graph, fails at the second chunk",
        "the second backward walks on into the graph of the",
    ),
    (state_forgotten_at_each_chunk, "the state is not carried", "every chunk begins with an empty memory: carry the"),
    (only_h_cut, "c is not cut", "c still brings its graph along, only h is cut: a"),
    (only_c_cut, "h is not cut", "h still brings its graph along, only c is cut: a"),
    (returns_a_tensor, "returns a tensor, not a plain number", "steps and state are right. You return a tensor"),
    (
        total_keeps_the_graphs,
        "the total keeps the graph of each chunk",
        "all numbers are right. But retain_graph keeps every",
    ),
    (
        one_backward_at_the_end,
        "one step at the end, memory grows with the chunks",
        "the second backward walks on into the graph of the",
    ),
    (keeps_all_states, "keeps each prediction with its graph", "all numbers are right. But something that you keep"),
    (returns_the_sum, "the sum, right for one chunk", "steps and state are right. You return a sum, expected"),
    (returns_the_last_loss, "the loss of the last chunk", "steps and state are right. You return the last loss"),
    (
        prediction_detached,
        "the model gets no gradient and does not learn",
        "the weights do not move: is there a step, and a",
    ),
    (
        gradients_emptied_before_the_step,
        "gradients are emptied before the step",
        "the weights do not move: is there a step, and a",
    ),
    (gradients_pile_up, "gradients of all chunks add up", "the gradients of the chunks pile up: when is the"),
    (
        state_of_the_first_chunk_for_ever,
        "a stale state: that of the first chunk, right for two chunks",
        "after your chunks the weights are elsewhere than",
    ),
    (detach_without_assignment, "detach without an assignment", "the second backward walks on into the graph of the"),
    (zeros_instead_of_the_state, "carries zeros", "every chunk begins with an empty memory: carry the"),
    (returns_in_the_loop, "returns after the first chunk", "training ends after the first chunk: where does your"),
    (prints_the_mean, "prints instead of returning", "your function returns nothing: does every way through"),
]
RIGHT = [
    (cut_after_the_model, "cut right after the model"),
    (cut_before_the_model, "cut before the model, float instead of item"),
    (detached_tensor_sum, "a detached float64 sum, the loss by hand, no_grad"),
    (list_of_numbers, "a list of plain numbers, nested helper, prints, cut after the step"),
    (partial(stream_with_loss, criterion=torch.nn.MSELoss()), "a partial, .data, running mean"),
    (StreamTrainer(), "a callable object with a counter"),
]
