import random

import numpy as np
import pytest
import torch

from course import device
from course.device import describe_device, explain_device_error, pick_device, seed_everything, wait_for_device


@pytest.fixture(autouse=True)
def no_wish(monkeypatch):
    monkeypatch.delenv("COURSE_DEVICE", raising=False)


@pytest.fixture
def devices(monkeypatch):
    def present(cuda=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    present()
    return present


def test_without_a_wish_cuda_comes_before_mps_before_cpu(devices):
    assert pick_device() == torch.device("cpu")
    devices(mps=True)
    assert pick_device() == torch.device("mps")
    devices(cuda=1, mps=True)
    assert pick_device() == torch.device("cuda")


def test_the_argument_wins_over_the_environment_and_both_over_the_hardware(devices, monkeypatch):
    devices(cuda=2)
    monkeypatch.setenv("COURSE_DEVICE", "cuda:1")
    assert pick_device() == torch.device("cuda:1")
    assert pick_device("cpu") == torch.device("cpu")


def message(wish=None):
    with pytest.raises(ValueError) as error:
        pick_device(wish)
    return str(error.value)


def test_a_wish_for_cuda_without_cuda_says_why_and_what_to_do(devices, monkeypatch):
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setenv("COURSE_DEVICE", "cuda")
    assert message() == (
        "COURSE_DEVICE is 'cuda', but torch sees no NVIDIA GPU or driver: check `nvidia-smi`, or choose cpu"
    )
    monkeypatch.setattr(torch.version, "cuda", None)
    assert message("cuda") == (
        "wish is 'cuda', but this torch was built without CUDA: install a CUDA build (see README), or choose cpu"
    )


def test_a_wish_for_one_gpu_too_many_says_how_many_there_are(devices):
    devices(cuda=2)
    assert message("cuda:2") == ("wish is 'cuda:2', but this machine has 2 cuda device(s), counted from 0: try cuda:0")


def test_a_wish_for_mps_elsewhere_is_refused(devices):
    assert message("mps") == "wish is 'mps', but torch sees no mps device here: choose cpu"


@pytest.mark.parametrize("wish", ["gpu", "cpu:x", "xpu", "meta"])
def test_a_wish_that_is_no_device_lists_the_devices(wish):
    assert message(wish) == f"wish is {wish!r}, expected cpu, cuda, cuda:N or mps: try cpu"


def test_the_description_is_one_marked_line_with_the_torch_version():
    line = describe_device(torch.device("cpu"))
    assert line.startswith("device: cpu (") and "\n" not in line
    assert f"torch {torch.__version__}" in line and f"{torch.get_num_threads()} threads" in line


def test_waiting_synchronizes_cuda_and_nothing_on_a_cpu(monkeypatch):
    waited = []
    monkeypatch.setattr(device.torch.cuda, "synchronize", lambda which: waited.append(which))
    wait_for_device("cpu")
    wait_for_device("cuda:1")
    assert waited == ["cuda:1"]


def test_one_seed_repeats_python_numpy_and_torch():
    def draw():
        seed_everything(7)
        return random.random(), np.random.rand(), torch.rand(()).item()

    random.seed(7), np.random.seed(7), torch.manual_seed(7)
    expected = random.random(), np.random.rand(), torch.rand(()).item()
    assert draw() == draw() == expected


@pytest.mark.parametrize(("seed", "small"), [(2**32 + 7, 7), (-1, 2**32 - 1)])
def test_a_seed_that_is_too_large_for_numpy_or_negative_is_taken_modulo_two_to_the_32(seed, small):
    seed_everything(seed)
    drawn = np.random.rand()
    np.random.seed(small)
    assert drawn == np.random.rand()


def test_a_mixed_device_error_is_explained_with_its_mend():
    with pytest.raises(RuntimeError) as error:
        torch.zeros(3) + torch.zeros(3, device="meta")
    assert "model.to(device)" in explain_device_error(error.value)


def test_another_error_keeps_its_own_text():
    assert explain_device_error(RuntimeError("out of memory")) == "out of memory"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda_the_real_mixed_device_error_is_explained():
    with pytest.raises(RuntimeError) as error:
        torch.zeros(2, 3) @ torch.zeros(3, 4, device="cuda")
    assert "model.to(device)" in explain_device_error(error.value)
