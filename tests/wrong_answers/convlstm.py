import math

import torch
from torch.nn import functional as F

from course.rain import MISSING


def untouched_step(x, state, weight_x, weight_h, bias, peep): ...


def parts(x, h, weight_x, weight_h, bias):
    return (F.conv2d(x, weight_x, padding="same") + F.conv2d(h, weight_h, padding="same") + bias).chunk(4, dim=1)


def step(
    gates=lambda i, f, g, o: (i, f, g, o),
    out=lambda o, c: o * torch.tanh(c),
    candidate=torch.tanh,
    look=lambda h, c, new: (c, c, new),
    holes=lambda peep: peep,
    keep=1,
):
    """A step from its parts."""

    def peephole_step(x, state, weight_x, weight_h, bias, peep):
        h, c = state
        i, f, g, o = gates(*parts(x, h, weight_x, weight_h, bias))
        p, (sees_i, sees_f, _) = holes(peep), look(h, c, None)
        new = torch.sigmoid(f + p[1] * sees_f) * c * keep + torch.sigmoid(i + p[0] * sees_i) * candidate(g)
        return out(torch.sigmoid(o + p[2] * look(h, c, new)[2]), new), new

    return peephole_step


def outside(x, state, weight_x, weight_h, bias, peep):
    h, c = state
    i, f, g, o = parts(x, h, weight_x, weight_h, bias)
    c_new = (torch.sigmoid(f) + peep[1] * c) * c + (torch.sigmoid(i) + peep[0] * c) * torch.tanh(g)
    return (torch.sigmoid(o) + peep[2] * c_new) * torch.tanh(c_new), c_new


def without_h(x, state, weight_x, weight_h, bias, peep):
    return step()(x, state, weight_x, 0 * weight_h, bias, peep)


def without_bias(x, state, weight_x, weight_h, bias, peep):
    return step()(x, state, weight_x, weight_h, 0 * bias, peep)


def turned(*arguments):
    return step()(*arguments)[::-1]


def h_alone(*arguments):
    return step()(*arguments)[0]


def single(*arguments):
    return tuple(part.float() for part in step()(*arguments))


def untouched_stream(model, chunks, optimizer):
    state, total = None, 0
    for x, y in chunks:
        y_pred, state = model(x, state)
        loss = F.mse_loss(y_pred, y)
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        optimizer.step()
        total += loss
    return total / len(chunks)


def cut(state):
    return tuple(part.detach() for part in state)


def stream(
    carry=cut,
    add=lambda loss: loss.item(),
    clean=True,
    retain=False,
    steps="each",
    divide=lambda total, chunks: total / len(chunks),
    learn=lambda loss: loss,
):
    """Training from its parts."""

    def train_stream(model, chunks, optimizer):
        state, total = None, 0
        for x, y in chunks:
            y_pred, state = model(x, state)
            loss = F.mse_loss(y_pred, y)
            if clean:
                optimizer.zero_grad()
            learn(loss).backward(retain_graph=retain)
            if steps == "each":
                optimizer.step()
            state = carry(state)
            total += add(loss)
        if steps == "last":
            optimizer.step()
        return divide(total, chunks)

    return train_stream


def returns_early(model, chunks, optimizer):
    return stream()(model, chunks[:1], optimizer)


def total_of_the_last(model, chunks, optimizer):
    losses = []
    stream(add=lambda loss: losses.append(loss.item()) or 0)(model, chunks, optimizer)
    return losses[-1] / len(chunks)


def last_loss(model, chunks, optimizer):
    losses = []
    stream(add=lambda loss: losses.append(loss.item()) or 0)(model, chunks, optimizer)
    return losses[-1]


def all_losses(model, chunks, optimizer):
    losses = []
    stream(add=lambda loss: losses.append(loss.item()) or 0)(model, chunks, optimizer)
    return losses


def untouched_score(forecast, codes, threshold):
    said, real = forecast >= threshold, codes >= threshold
    hits = (said & real).sum()
    return (hits / (said.sum() + real.sum())).item()


def events(forecast, codes, threshold, mask=True, missing=None, event=torch.ge):
    """What was said and what came, with a mistake if asked for."""
    seen = codes != MISSING if mask else torch.ones_like(codes, dtype=torch.bool)
    values = codes if missing is None else codes.masked_fill(codes == MISSING, missing)
    return event(forecast, threshold)[seen], event(values, threshold)[seen]


def score(below=lambda said, real: said | real, dry=math.nan, last=float, **mistake):
    """A score from its parts."""

    def critical_success(forecast, codes, threshold):
        said, real = events(forecast, codes, threshold, **mistake)
        cells = int(below(said, real).sum())
        return last((said & real).sum() / cells) if cells else dry

    return critical_success


def twice(forecast, codes, threshold, **mistake):
    said, real = events(forecast, codes, threshold, **mistake)
    return float((said & real).sum() / (said.sum() + real.sum()))


def twice_dry(*arguments):
    return twice(*arguments, mask=False, missing=0)


def without_net(forecast, codes, threshold):
    said, real = events(forecast, codes, threshold)
    return int((said & real).sum()) / int((said | real).sum())


def accuracy(*arguments):
    said, real = events(*arguments)
    return float((said == real).float().mean())


def false_alarms(*arguments):
    said, real = events(*arguments)
    return float((said & ~real).sum() / said.sum())


UNTOUCHED = {"convlstm.lstm": untouched_step, "convlstm.carry": untouched_stream, "convlstm.csi": untouched_score}
WRONG = {
    "convlstm.lstm": [
        (step(holes=lambda peep: 0 * peep), "that is the step without peepholes"),
        (step(look=lambda h, c, new: (c, c, c)), "the output gate sees the memory as it was"),
        (step(look=lambda h, c, new: (h, h, h)), "your gates look at h"),
        (step(look=lambda h, c, new: (h, h, new)), "input and forget gate look at h"),
        (step(holes=lambda peep: (peep[0], peep[1], 0 * peep[2])), "the output gate has no peephole"),
        (step(holes=lambda peep: (0 * peep[0], 0 * peep[1], peep[2])), "input and forget gate have no peephole"),
        (outside, "is added after the sigmoid"),
        (step(holes=lambda peep: peep[[1, 0, 2]]), "each other's peephole"),
        (step(holes=lambda peep: peep[[0, 0, 0]]), "through the same peephole"),
        (step(lambda i, f, g, o: (i, f, o, g)), "candidate and output gate have changed places"),
        (step(lambda i, f, g, o: (f, i, g, o)), "input and forget gate have changed places"),
        (step(candidate=torch.sigmoid), "the candidate g is no gate"),
        (step(candidate=lambda g: g), "enters the memory as it is"),
        (step(out=lambda o, c: o * c), "the memory leaves as it is"),
        (step(out=lambda o, c: o * torch.sigmoid(c)), "leaves through a sigmoid"),
        (step(keep=0), "the old memory is lost"),
        (step(out=lambda o, c: 2 * o * torch.tanh(c)), "the new c is right, the new h is not"),
        (step(candidate=lambda g: torch.tanh(2 * g)), "write them down one by one"),
        (without_h, "there are two products"),
        (without_bias, "bias plays no part"),
        (turned, "in the wrong order: first h, then c"),
        (h_alone, "you return a Tensor, expected two"),
        (single, "the new h has dtype torch.float32"),
        (lambda *arguments: tuple(part[:1] for part in step()(*arguments)), "the new h has shape (1, 4, 5, 6)"),
        (lambda x, state: None, "raises TypeError"),
    ],
    "convlstm.carry": [
        (stream(lambda state: state), "walks on into the graph of the first chunk"),
        (stream(lambda state: (state[0].detach(), state[1])), "c still brings its graph along, only h is cut"),
        (stream(lambda state: (state[0], state[1].detach())), "h still brings its graph along, only c is cut"),
        (stream(lambda state: None), "every chunk begins with an empty memory"),
        (stream(clean=False), "the gradients of the chunks pile up"),
        (stream(clean=False, steps="last"), "expected one for each chunk"),
        (stream(steps="last"), "with the gradient of the last chunk alone"),
        (stream(steps="none"), "the weights do not move"),
        (stream(learn=lambda loss: 2 * loss), "the weights are elsewhere"),
        (returns_early, "training ends after the first chunk"),
        (stream(add=lambda loss: loss), "a tensor that still has its graph"),
        (stream(add=lambda loss: loss.detach()), "a tensor without a graph"),
        (stream(divide=lambda total, chunks: total), "You return a sum"),
        (last_loss, "You return the last loss"),
        (total_of_the_last, "only the last loss is in the total"),
        (all_losses, "you return a list, expected a number"),
        (stream(divide=lambda total, chunks: total / 7), "steps and state are right. For losses"),
        (stream(retain=True), "all numbers are right. But retain_graph"),
        (
            stream(add=lambda loss: loss, divide=lambda total, chunks: total.item() / len(chunks)),
            "still holds the graph of every chunk",
        ),
        (stream(learn=lambda loss: loss.detach()), "does not require grad"),
    ],
    "convlstm.csi": [
        (untouched_score, "counts as heavy rain, and a hit counts twice"),
        (twice, "the missing cells are out, well"),
        (score(mask=False), "to you that is rain"),
        (score(mask=False, missing=0), "rain forecast there is a false alarm"),
        (twice_dry, "counts as dry, and a hit counts twice"),
        (score(event=torch.gt), "exactly the threshold is missing from your count"),
        (score(lambda said, real: real), "that is POD"),
        (score(lambda said, real: said), "the misses are missing below the line"),
        (false_alarms, "that is FAR"),
        (accuracy, "dry ones as well"),
        (score(lambda said, real: torch.ones_like(real)), "you divide by all measured cells"),
        (score(dry=0.0), "you return 0: what is 0/0"),
        (score(dry=1.0), "you return 1: what is 0/0"),
        (without_net, "raises ZeroDivisionError"),
        (score(last=lambda value: 0.5 * value), "count hits, misses and false alarms by hand"),
        (score(last=str), "you return a str"),
        (lambda forecast, codes, threshold: forecast >= threshold, "you return a tensor of shape (2, 6)"),
    ],
}
