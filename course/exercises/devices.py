"""The exercises of notebook 12_devices."""

import weakref

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.exercises.exercise import Exercise, Mistake, as_number, call, near

ASKING = (  # what a device answers only when all is done: a value, or how many values there are
    *("item", "tolist", "numpy", "cpu", "__float__", "__int__", "__bool__", "__index__", "__format__", "__array__"),
    *("__repr__", "nonzero", "is_nonzero", "unique", "masked_select", "equal", "allclose"),
)
LOSSES = (0.5, 2.0, 0.25, 1.25, 3.0), (1.5,), (0.0, 4.0, -1.0)


def check_train_step(answer: object) -> None:
    for name in ("cpu", "meta"):
        device = torch.device(name)
        model, x, y = _network(), torch.ones(5, 3), torch.tensor([0, 1, 1, 0, 1])
        model = model.to(device)
        before = [parameter.detach().clone() for parameter in model.parameters()]
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        loss = _run_step(answer, model, optimizer, x, y, device)
        if not isinstance(loss, Tensor):
            raise Mistake(
                f"the result is a {type(loss).__name__}, expected a tensor: a number of Python "
                "would make the device wait."
            )
        if loss.device.type != name:
            raise Mistake(
                f"the loss is on {loss.device.type}, expected {name}: it was computed there, and "
                "bringing it back waits for the device."
            )
        if not model.training:
            raise Mistake("the model is left in eval mode: dropout would be off from then on.")
        if name == "cpu":
            _check_values(model, before, x, y, loss)


def _network() -> nn.Linear:
    model = nn.utils.skip_init(nn.Linear, 3, 2)  # draws no random numbers
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[0.5, -1.0, 0.25], [1.0, 0.0, -0.5]]))
        model.bias.zero_()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)  # left from another step
    return model


def _run_step(answer: object, *arguments: object) -> object:
    """Call the answer; say what a mixed-device error, or a call back to the CPU, means here."""
    try:
        return call(answer, *arguments)
    except Mistake as mistake:
        text = str(mistake)
        line = text.partition("`")[2].rpartition("`: ")[0]
        place = f" in `{line}`" if line else ""
        if "not on the expected device" in text:
            it = f"the operands are on two devices{place}: what does .to return, and who keeps it?"
        elif "meta tensor" in text or ".item()" in text:
            it = f"you bring something back from the device{place}, and that makes it wait: leave it there."
        else:
            raise
        raise Mistake(it) from None


def _check_values(model: nn.Linear, before: list[Tensor], x: Tensor, y: Tensor, loss: Tensor) -> None:
    right = _network()
    optimizer = torch.optim.SGD(right.parameters(), lr=0.5)
    expected = train_step(right, optimizer, x, y, torch.device("cpu"))
    if not near(loss, expected):
        if near(loss, F.cross_entropy(right(x), y)):
            raise Mistake("that is the loss after the step; the step itself has computed one before.")
        raise Mistake(
            f"the loss is {loss.item():.3f}, expected {expected.item():.3f}, the cross-entropy of "
            "the batch before the step."
        )
    if all(torch.equal(old, new) for old, new in zip(before, model.parameters())):
        raise Mistake("the weights are as they were: where is the step of the optimizer?")
    if not near(model.weight, right.weight):
        raise Mistake("the weights are not those of one step with the gradient of this batch.")


class _Device:
    """A device with a clock of its own: what is ordered is done later, and work is in its queue already.

    work, earlier, first: seconds that a call takes there, that the queue takes, and that the first order takes here.
    The device begins while the order is still given, which takes a quarter of the time of the work.
    """

    def __init__(self, work: float, earlier: float, first: float):
        self.work, self.first = work, first
        self.now, self.free, self.calls, self.events = 100.0, 100.0 + earlier, 0, []

    def call(self) -> None:
        self.now += self.first * (self.calls == 0)
        self.free = max(self.free, self.now) + self.work
        self.now += self.work / 4
        self.calls += 1
        self.events.append("call")

    def wait(self) -> None:
        self.now = max(self.now, self.free)
        self.events.append("wait")

    def clock(self) -> float:
        self.events.append("clock")
        return self.now


def check_timer(answer: object) -> None:
    for device in (_Device(3.0, 5.0, 40.0), _Device(0.5, 20.0, 2.0), _Device(8.0, 0.0, 0.0)):
        seconds = call(answer, device.call, device.wait, device.clock)
        _check_seconds(as_number(seconds), device)


def _check_seconds(seconds: float, device: _Device) -> None:
    said = " ".join(device.events)
    if not device.calls:
        raise Mistake("call was never called: nothing was timed.")
    if "clock" not in said:
        raise Mistake("you did not look at the clock that you were given.")
    if near(seconds, device.work):
        return
    it = f"this work takes {device.work:g} s, and you say {seconds:.3f} s"
    if seconds < 0:
        raise Mistake(f"{it}: the end minus the start, not the other way round.")
    between = said.partition("clock")[2].rpartition("clock")[0]
    if device.first and seconds >= device.first:
        raise Mistake(f"{it}: the first call takes longer, and it is in your time.")
    if "call" in between and "wait" not in between:
        raise Mistake(f"{it}: that is how long it takes to order the work. When is it done?")
    if between.count("call") > 1:
        raise Mistake(f"{it}: between your looks at the clock are {between.count('call')} calls: divide, or time one.")
    if seconds < device.work and not between.strip().startswith("call"):
        raise Mistake(f"{it}: it begins while the order is given: look at the clock before that.")
    raise Mistake(f"{it}: older work was still in the queue when you looked at the clock first.")


def check_waits(answer: object) -> None:
    for losses in LOSSES:
        _check_mean_loss(answer, list(losses))


def _check_mean_loss(answer: object, losses: list[float]) -> None:
    weight = torch.ones((), requires_grad=True)
    taken, kept, learnt, marks, asked = [], [], [], [], {}

    class Loss(Tensor):
        """Notices who asks for a value."""

        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            name, kwargs = function.__name__, kwargs or {}
            if name in ASKING or (name == "to" and "cpu" in map(str, (*args[1:], *kwargs.values()))):
                asked.setdefault((len(taken), args[0].data_ptr()), name)  # .cpu().numpy() is one wait
            return super().__torch_function__(function, types, args, kwargs)

        def __format__(self, spec: str) -> str:
            return format(self.item(), spec)  # torch formats no subclass

    def take_step(batch: float) -> Tensor:
        taken.append(batch)
        learnt.append(torch.is_grad_enabled())
        kept.append(any(mark() is not None for mark in marks[:-1]))  # the last may live on in a name such as `loss`
        loss = (weight * batch).as_subclass(Loss)
        if loss.grad_fn is not None:
            loss.grad_fn.metadata["mark"] = mark = _Mark()  # lives as long as the node does
            marks.append(weakref.ref(mark))
        return loss

    mean = call(answer, take_step, list(losses))
    expected = sum(losses) / len(losses)
    if isinstance(mean, Tensor):
        raise Mistake("the result is still a tensor, expected a Python float: one wait is allowed.")
    if taken != losses:
        raise Mistake(f"of {len(losses)} batches, {len(taken)} steps were taken, expected one for each, in order.")
    if not all(learnt):
        raise Mistake("a step was taken under no_grad, so nothing can be learnt: only the sum needs no graph.")
    mean = as_number(mean)
    if not near(mean, expected):
        if near(mean, sum(losses)):
            raise Mistake(f"you return the sum {mean:g}, expected the mean {expected:g}.")
        raise Mistake(f"for losses {losses} you return {mean:g}, expected {expected:g}.")
    if len(asked) > 1:
        raise Mistake(
            f"the number is right, but the device had to wait {len(asked)} times for {len(losses)} "
            f"batches, by `{next(iter(asked.values()))}`: who asks for a number in every step?"
        )
    if any(kept):
        raise Mistake(
            "one wait, but what you add up remembers the graph of every step, and memory grows "
            "with each: which method cuts a tensor off its graph?"
        )


class _Mark:
    """Something to refer to weakly."""


def train_step(model, optimizer, x, y, device):
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def seconds_for(call, wait, clock):
    call()  # warms up
    wait()
    start = clock()
    call()
    wait()
    return clock() - start


def mean_loss(take_step, batches):
    total = 0.0
    for batch in batches:
        total = total + take_step(batch).detach()
    return total.item() / len(batches)


EXERCISES = {
    "devices.step": Exercise(
        check_train_step,
        "It ran on a device that this machine need not have.",
        (
            "what does x.to(device) do with x?",
            "a tensor's .to returns a copy: give it a name. And what does loss.cpu() make the device do?",
            "x, y = x.to(device), y.to(device), and return the loss as it is.",
        ),
        train_step,
    ),
    "devices.timer": Exercise(
        check_timer,
        "Neither the queue nor the first call can deceive it.",
        (
            "look at the clock twice. What has to be finished before each look?",
            "the first call takes longer: make one that you do not time.",
            "call, wait, look; call, wait, look.",
        ),
        seconds_for,
    ),
    "devices.waits": Exercise(
        check_waits,
        "The device is never asked before the end.",
        (
            "which part of the loop needs a number, and which is content with a tensor?",
            "a sum of tensors is a tensor: add them up, and ask once.",
            "detach() cuts a loss off its graph; item() belongs behind the loop.",
        ),
        mean_loss,
    ),
}
