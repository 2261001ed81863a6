"""Answers to devices.step, written from its text alone."""

# Assumed: the model is on the device already (its optimizer was made for the parameters there).
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

# ---------------------------------------------------------------- wrong


def as_given(model, optimizer, x, y, device):
    x.to(device)
    y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.cpu()


def only_x_mended(model, optimizer, x, y, device):
    x = x.to(device)
    y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def only_y_mended(model, optimizer, x, y, device):
    x.to(device)
    y = y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def moves_mended_but_loss_goes_to_the_cpu(model, optimizer, x, y, device):
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.cpu()


def only_the_loss_mended(model, optimizer, x, y, device):
    x.to(device)
    y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def returns_a_number(model, optimizer, x, y, device):
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def a_new_tensor_of_the_number(model, optimizer, x, y, device):
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return torch.tensor(float(loss), device=device)


def always_cuda(model, optimizer, x, y, device):
    x, y = x.cuda(), y.cuda()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def device_chosen_again(model, optimizer, x, y, device):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def always_meta(model, optimizer, x, y, device):
    x, y, model = x.to("meta"), y.to("meta"), model.to("meta")
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def default_device_moves_nothing(model, optimizer, x, y, device):
    with torch.device(device):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    return loss


def data_of_the_caller_moved(model, optimizer, x, y, device):
    x.data = x.data.to(device)
    y.data = y.data.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def empty_tensors_on_the_device(model, optimizer, x, y, device):
    x, y = torch.zeros_like(x, device=device), torch.zeros_like(y, device=device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def gradients_not_emptied(model, optimizer, x, y, device):
    x, y = x.to(device), y.to(device)
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def gradients_emptied_too_late(model, optimizer, x, y, device):
    x, y = x.to(device), y.to(device)
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss


def step_before_backward(model, optimizer, x, y, device):
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    optimizer.step()
    loss.backward()
    return loss


def step_forgotten(model, optimizer, x, y, device):
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    return loss


def loss_after_the_step(model, optimizer, x, y, device):
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
    with torch.no_grad():
        return F.cross_entropy(model(x), y)


def sum_instead_of_mean(model, optimizer, x, y, device):
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y, reduction="sum")
    loss.backward()
    optimizer.step()
    return loss


def left_in_eval_mode(model, optimizer, x, y, device):
    x, y = x.to(device), y.to(device)
    model.eval()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def two_steps(model, optimizer, x, y, device):
    for part_x, part_y in zip(x.to(device).chunk(2), y.to(device).chunk(2), strict=True):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(part_x), part_y)
        loss.backward()
        optimizer.step()
    return loss


def forgot_return(model, optimizer, x, y, device):
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()


# ---------------------------------------------------------------- right


def both_assigned(model, optimizer, x, y, device):
    x = x.to(device)
    y = y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def detached_loss(model, optimizer, x, y, device):
    x, y = (part.to(device=device, non_blocking=True) for part in (x, y))
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.detach()


def moved_where_needed(model, optimizer, x, y, device):
    scores = model(torch.as_tensor(x, device=device))
    loss = F.nll_loss(F.log_softmax(scores, dim=1), torch.as_tensor(y, device=device))
    for group in optimizer.param_groups:
        for w in group["params"]:
            w.grad = None
    loss.backward()
    optimizer.step()
    return loss.to(device)


def step_with(model, optimizer, x, y, device, criterion):
    def there(part: torch.Tensor) -> torch.Tensor:
        return part.to(device)

    optimizer.zero_grad()
    loss = criterion(model(there(x)), there(y))
    loss.backward()
    optimizer.step()
    return loss.clone()


class Trainer:
    def __init__(self):
        self.steps = 0

    def __call__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        x: torch.Tensor,
        y: torch.Tensor,
        device: torch.device | str,
    ) -> torch.Tensor:
        self.steps += 1
        batch = [part.to(device) for part in (x, y)]
        return self.learn(model, optimizer, *batch)

    def learn(self, model, optimizer, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(input=model(x), target=y)
        loss.backward()
        optimizer.step()
        return loss


def model_moved_too(model, optimizer, x, y, device):
    model.to(device)
    x, y = x.to(device), y.to(device)
    print("step on", device, "with", len(x), "examples")
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


WRONG = [
    (as_given, "the given code", "what does .to return, and who keeps it?"),
    (only_x_mended, "y is not moved", "what does .to return, and who keeps it?"),
    (only_y_mended, "x is not moved", "what does .to return, and who keeps it?"),
    (
        moves_mended_but_loss_goes_to_the_cpu,
        "the loss still goes to the CPU",
        "you bring something back from the device in",
    ),
    (only_the_loss_mended, "neither x nor y is moved", "what does .to return, and who keeps it?"),
    (
        returns_a_number,
        "returns a number, not a tensor there; waits",
        "the result is a float, expected a tensor: a number of",
    ),
    (
        a_new_tensor_of_the_number,
        "goes through a number and waits, fails on meta",
        "return torch.tensor(float(loss), device=device",
    ),
    (always_cuda, "a hard-coded device", "Found no NVIDIA driver on your system. Please check"),
    (device_chosen_again, "ignores the argument device", "what does .to return, and who keeps it?"),
    (always_meta, "always meta, does not compute on the CPU", "the loss is on meta, expected cpu: it was computed"),
    (default_device_moves_nothing, "a default device moves nothing", "what does .to return, and who keeps it?"),
    (
        data_of_the_caller_moved,
        "tries to move the tensors of the caller",
        "your function raises RuntimeError in its line",
    ),
    (empty_tensors_on_the_device, "right device, but not the data", "the cross-entropy of the batch before the step"),
    (gradients_not_emptied, "gradients add up over the steps", "the weights are not those of one step with the"),
    (
        gradients_emptied_too_late,
        "gradients are emptied before the step",
        "the weights are as they were: where is the step of",
    ),
    (
        step_before_backward,
        "a step without, or with the last, gradients",
        "the weights are as they were: where is the step of",
    ),
    (step_forgotten, "no step", "the weights are as they were: where is the step of"),
    (loss_after_the_step, "the loss after the step", "that is the loss after the step; the step itself has"),
    (sum_instead_of_mean, "the sum of the losses", "the cross-entropy of the batch before the step"),
    (left_in_eval_mode, "puts the model into evaluation mode", "the model is left in eval mode: dropout would be off"),
    (two_steps, "takes two steps with halves", "the cross-entropy of the batch before the step"),
    (forgot_return, "forgot return", "your function returns nothing: does every way through"),
]
RIGHT = [
    (both_assigned, "assigns both, returns the loss as it is"),
    (detached_loss, "a generator, zero_grad later, the loss detached"),
    (moved_where_needed, "as_tensor, nll_loss, gradients emptied by hand"),
    (partial(step_with, criterion=nn.CrossEntropyLoss()), "a partial; nested helper"),
    (Trainer(), "a callable object with a counter, annotated"),
    (model_moved_too, "moves the model, too, which is there already; prints"),
]
