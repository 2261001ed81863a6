import gc
import weakref

import pytest
import torch

from course import meter
from course.meter import peak_bytes, saved_bytes, time_call
from course.mlp import MLP

FLOAT = 4  # bytes


def test_every_repeat_waits_for_the_device_before_and_after(monkeypatch):
    events = []
    monkeypatch.setattr(meter, "wait_for_device", lambda device: events.append(device))
    time_call(lambda: events.append("call"), device="cuda", warmup=1, repeat=2)
    assert events == ["call", "cuda", "call", "cuda", "cuda", "call", "cuda"]


def test_the_median_and_the_range_come_from_the_clock(monkeypatch):
    clock = iter([0.0, 1.0, 1.0, 4.0, 4.0, 6.0])
    monkeypatch.setattr(meter.time, "perf_counter", lambda: next(clock))
    assert time_call(lambda: None, warmup=0, repeat=3) == (2.0, 1.0, 3.0)


def test_timing_needs_a_repeat():
    with pytest.raises(ValueError, match="repeat is 0 and warmup 2, expected at least 1 and 0"):
        time_call(lambda: None, repeat=0)


def test_a_network_saves_its_hidden_layers_once():
    model, x = MLP((784, 200, 200, 10)), torch.zeros(50, 784)
    saved = saved_bytes(lambda: model(x).sum(), exclude=[x, *model.parameters()])
    # ReLU keeps its output, which is also the next layer's input: one storage a hidden layer.
    assert saved.bytes == 2 * 50 * 200 * FLOAT


def test_without_exclusions_inputs_and_weights_count_too():
    x, w = torch.zeros(3, 4), torch.zeros(4, 5, requires_grad=True)
    assert saved_bytes(lambda: x @ w).bytes == 3 * 4 * FLOAT
    x.requires_grad_()
    assert saved_bytes(lambda: x @ w).bytes == (3 * 4 + 4 * 5) * FLOAT
    assert saved_bytes(lambda: x @ w, exclude=[x, w]).bytes == 0


def test_a_part_of_a_tensor_keeps_the_whole_storage_alive():
    whole, w = torch.zeros(10), torch.zeros(2, requires_grad=True)
    assert saved_bytes(lambda: whole[:2] * w) == (10 * FLOAT, 1)


def test_nothing_is_saved_without_a_graph():
    model, x = MLP((4, 3, 2)), torch.zeros(5, 4)
    with torch.no_grad():
        assert saved_bytes(lambda: model(x)) == (0, 0)


def test_counting_keeps_nothing_alive():
    model, x = MLP((4, 3)), torch.zeros(5, 4)
    outputs = []

    def call():
        result = model(x).log_softmax(1)  # a node that saves its own output
        outputs.append(weakref.ref(result.untyped_storage()))
        result.sum()

    saved_bytes(call)
    gc.collect()
    assert outputs[0]() is None


def test_the_peak_is_the_most_that_lives_at_one_time():
    def call():
        a = torch.zeros(1000)
        b = a + 1
        del a
        c = b * 2
        return c.view(10, 100)  # a view takes nothing

    assert peak_bytes(call) == 2 * 1000 * FLOAT


def test_memory_freed_before_the_end_does_not_count_twice():
    def call():
        for _ in range(10):
            torch.zeros(1000).add_(1)

    assert peak_bytes(call) == 1000 * FLOAT


def test_what_was_there_before_does_not_count_when_it_is_changed_or_viewed():
    x = torch.zeros(1000)
    assert peak_bytes(lambda: x.add_(1)[:500]) == 0


def test_the_peak_needs_a_device_that_counts():
    with pytest.raises(ValueError, match="device is mps, expected cpu or cuda"):
        peak_bytes(lambda: None, "mps")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda_the_peak_comes_from_the_allocator():
    assert peak_bytes(lambda: torch.zeros(2**20, device="cuda"), "cuda") == 2**20 * FLOAT
