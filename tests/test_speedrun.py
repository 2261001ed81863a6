import math
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Generator, nn
from torch.nn import functional as F

from course.mnist import Batches, ImageSet, load_data
from course.speedrun import RECIPES, Net, Recipe, batches, cut_patches, move_images, recipes, train, triangle
from course.train import evaluate

TINY = Recipe((4, 6), 8, passes=(1.0,), batch_size=20)


@pytest.fixture(scope="module")
def data():
    images, labels = load_data().train
    return ImageSet(images[:3000], labels[:3000]), ImageSet(images[3000:4000], labels[3000:4000])


def some_images(count=60, seed=0):
    generator = Generator().manual_seed(seed)
    images = torch.randint(256, (count, 28, 28), dtype=torch.uint8, generator=generator)
    return ImageSet(images, torch.randint(10, (count,), generator=generator))


def weights(model):
    return torch.cat([parameter.detach().cpu().flatten() for parameter in model.parameters()])


@pytest.mark.parametrize("recipe", [*RECIPES.values(), TINY, Recipe((3,), patch=4), Recipe((3, 2, 2, 2), patch=1)])
def test_a_network_gives_ten_logits_an_image(recipe):
    images, _ = some_images(2)
    assert Net(recipe)(images).shape == (2, 10)


def test_raw_pixels_alone_are_taken():
    with pytest.raises(ValueError, match="images are torch.float32, expected torch.uint8"):
        Net(TINY)(torch.zeros(1, 28, 28))


@pytest.mark.parametrize("patch", [1, 2, 4])
def test_patches_are_those_of_pixel_unshuffle_with_their_channels_last(patch):
    x = torch.arange(2 * 8 * 8.0).view(2, 1, 8, 8)
    patches = cut_patches(x, patch)
    assert torch.equal(patches, F.pixel_unshuffle(x, patch))
    assert patches.is_contiguous(memory_format=torch.channels_last)


def test_a_convolution_of_patches_is_one_of_the_image_with_stride():
    generator = Generator().manual_seed(0)
    x, weight = torch.randn(2, 1, 12, 12, generator=generator), torch.randn(3, 1, 6, 6, generator=generator)
    strided = F.conv2d(x, weight, stride=2)
    assert torch.allclose(F.conv2d(cut_patches(x, 2), cut_patches(weight, 2)), strided, atol=1e-5)


def test_images_move_by_whole_pixels_and_black_comes_in():
    image = torch.tensor([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], dtype=torch.uint8)
    assert move_images(image, 0, 0).tolist() == image.tolist()
    assert move_images(image, 1, 0).tolist() == [[[0, 0, 0], [1, 2, 3], [4, 5, 6]]]
    assert move_images(image, 0, -1).tolist() == [[[2, 3, 0], [5, 6, 0], [8, 9, 0]]]
    assert move_images(image, -1, 2).tolist() == [[[0, 0, 4], [0, 0, 7], [0, 0, 0]]]


def test_the_rate_rises_from_0_to_1_and_falls_to_0():
    assert [triangle(time, 0.25) for time in (0, 0.125, 0.25, 0.625, 1)] == [0, 0.5, 1, 0.5, 0]


def passes_of(recipe, hardness, seed=0):
    """The rows of each pass, in the order of the steps."""
    steps = list(batches(recipe, hardness, Generator().manual_seed(seed)))
    counts = [round(part * len(hardness)) for part in recipe.passes]
    return [rows.tolist() for rows in torch.cat([rows for rows, _ in steps]).split(counts)]


def test_a_pass_takes_the_hardest_images_each_once():
    hardness = torch.tensor([0.1, 0.9, 0.3, 0.8, 0.2, 0.7, 0.0, 0.4, 0.6, 0.5])
    first, second = passes_of(Recipe(passes=(0.3, 0.5), batch_size=2), hardness)
    assert sorted(first) == [1, 3, 5] and sorted(second) == [1, 3, 5, 8, 9]
    (whole,) = passes_of(Recipe(passes=(1.0,)), hardness)
    assert sorted(whole) == list(range(10))
    assert whole != passes_of(Recipe(passes=(1.0,)), hardness, seed=1)[0]  # in an order of its own


def test_hardness_is_read_anew_at_each_pass():
    hardness = torch.tensor([3.0, 2.0, 1.0, 0.0])
    seen = []
    for rows, _ in batches(Recipe(passes=(0.5, 0.5), batch_size=2), hardness, Generator()):
        seen.append(sorted(rows.tolist()))
        hardness[rows] = -1
    assert seen == [[0, 1], [2, 3]]


def test_time_is_the_middle_of_each_step():
    recipe = Recipe(passes=(1.0, 0.3), batch_size=4)  # batches of 4, 4, 2 and 3
    steps = list(batches(recipe, torch.rand(10), Generator()))
    assert [len(rows) for rows, _ in steps] == [4, 4, 2, 3]
    assert [time for _, time in steps] == [0.125, 0.375, 0.625, 0.875]


class Recorder(torch.optim.SGD):
    """SGD that keeps the learning rate of each step."""

    rates: list[float] = []

    def step(self, closure=None):
        Recorder.rates.append(self.param_groups[0]["lr"])
        super().step(closure)


def test_the_learning_rate_follows_the_triangle():
    Recorder.rates = []
    train(replace(TINY, optimizer=Recorder, lr=0.5, rise=0.5, batch_size=15), some_images())
    # at 1/8, 3/8, 5/8 and 7/8 of the time
    assert Recorder.rates == pytest.approx([0.125, 0.375, 0.375, 0.125])


def rows_taken(recipe, losses, seed):
    """The rows of each batch in a training whose images keep these losses."""
    generator = Generator().manual_seed(seed)
    hardness = torch.rand(len(losses), generator=generator) - 1
    for rows, _ in batches(recipe, hardness, generator):
        torch.randint(1, (2,), generator=generator)  # the shift, which draws too
        hardness[rows] = losses[rows]
        yield set(rows.tolist())


def test_later_passes_take_the_images_that_had_the_largest_losses_in_earlier_ones():
    image_set = some_images(40)
    recipe = replace(TINY, passes=(0.5, 0.25), optimizer=torch.optim.SGD, lr=0.05, rise=0.9)
    first, _ = rows_taken(recipe, torch.ones(40), seed=3)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = Net(recipe)
    logits = model(image_set.images)  # what the first pass, of one batch, saw
    losses = F.cross_entropy(logits, image_set.labels, reduction="none", label_smoothing=0.1).detach()
    expected, second = rows_taken(recipe, losses, seed=3)
    assert first == expected and second < first
    assert min(losses[list(second)]) >= max(losses[list(first - second)])

    def result(blank):
        images = image_set.images.clone()
        images[list(blank)] = 0
        return weights(train(recipe, ImageSet(images, image_set.labels), seed=3))

    assert torch.equal(result(set(range(40)) - first), result(set()))  # the others have never been seen
    assert not torch.equal(result(first - second), result(set()))


def test_unseen_images_are_easier_than_any_loss_and_losses_are_kept_without_their_graphs(monkeypatch):
    seen = []

    def spy(recipe, hardness, generator):
        seen.append((hardness.clone(), hardness))
        return batches(recipe, hardness, generator)

    monkeypatch.setattr(recipes, "batches", spy)
    train(TINY, some_images())  # one pass over all of them
    ((before, after),) = seen
    assert (before < 0).all() and (after > 0).all() and not after.requires_grad


def test_a_step_of_sgd_is_the_gradient_of_the_smoothed_loss():
    image_set = some_images(20)
    recipe = replace(TINY, optimizer=torch.optim.SGD, lr=0.5, rise=0.5)  # one step, at the highest rate
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = Net(recipe)
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)(model(image_set.images), image_set.labels)
    loss.backward()
    expected = torch.cat([(p.detach() - 0.5 * p.grad).flatten() for p in model.parameters()])
    assert torch.allclose(weights(train(recipe, image_set, seed=5)), expected, atol=1e-5)


def test_every_number_of_a_recipe_has_its_effect():
    made = []

    def optimizer(parameters, lr):
        made.append(torch.optim.SGD(parameters, lr, momentum=0.5))
        return made[0]

    recipe = Recipe((3, 5), 6, (0.5, 0.75), 1, 7, optimizer, 0.3, 0.4, 0.25, 2)
    images, labels = some_images(20)
    torch.manual_seed(9)
    model = Net(recipe)
    shapes = [tuple(weight.shape) for weight in model.parameters() if weight.ndim > 1]
    assert shapes == [(3, 1, 3, 3), (5, 3, 3, 3), (6, 5 * 11 * 11), (10, 6)]  # 28, less 2, halved, less 2
    draws = Generator().manual_seed(9)
    hardness, steps, step = torch.rand(20, generator=draws) - 1, 5, 0  # of 7 and 3 images, then 7, 7 and 1
    sgd = torch.optim.SGD(model.parameters(), 0.3, momentum=0.5)
    for count in (10, 15):
        hardest = hardness.topk(count).indices
        for rows in hardest[torch.randperm(count, generator=draws)].split(7):
            time = (step + 0.5) / steps
            sgd.param_groups[0]["lr"] = 0.3 * (time / 0.4 if time < 0.4 else (1 - time) / 0.6)
            down, right = torch.randint(-2, 3, (2,), generator=draws).tolist()
            logits = model(move_images(images[rows], down, right))
            losses = F.cross_entropy(logits, labels[rows], reduction="none", label_smoothing=0.25)
            sgd.zero_grad()
            losses.mean().backward()
            sgd.step()
            hardness[rows] = losses.detach()
            step += 1
    assert torch.allclose(weights(train(recipe, ImageSet(images, labels), seed=9)), weights(model), atol=1e-6)
    assert len(made) == 1


def test_a_network_is_trained_on_the_device_that_was_named():
    class Told(Exception):
        pass

    def tell(parameters, lr):
        raise Told({weight.device.type for weight in parameters})

    with pytest.raises(Told) as told:
        train(replace(TINY, optimizer=tell), some_images(), device="meta")
    assert told.value.args == ({"meta"},)


def test_seeds_reproduce_and_nobody_elses_draws_change():
    recipe, image_set = replace(TINY, passes=(1.0, 0.3), shift=1), some_images()
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    first = weights(train(recipe, image_set, seed=7))
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(weights(train(recipe, image_set, seed=7)), first)
    assert not torch.equal(weights(train(recipe, image_set, seed=8)), first)


def test_training_leaves_the_images_as_they_are():
    image_set = some_images()
    before = image_set.images.clone()
    train(replace(TINY, shift=2), image_set)
    assert torch.equal(image_set.images, before)


def test_a_recipe_learns(data):
    few, others = data
    recipe = replace(RECIPES["99"], passes=(1.0, 0.3), batch_size=100)
    assert evaluate(train(recipe, few), Batches(*others, 500)).accuracy > 0.8


def test_recipes_differ_by_data_only():
    assert list(RECIPES) == ["98", "99", "99.3", "99.5"]
    assert all(type(recipe) is Recipe for recipe in RECIPES.values())


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"patch": 3}, "patch is 3, expected 1, 2 or 4, which divide 28: try 2"),
        (
            {"channels": (8, 8, 8, 8)},
            "channels is (8, 8, 8, 8), expected one or more positive numbers, and few "
            "enough that the map of 14x14 patches is not used up: try (16, 32)",
        ),
        ({"hidden": 0}, "hidden is 0, expected 1 unit or more: try 64"),
        ({"passes": (1.0, 0.0)}, "passes is (1.0, 0.0), expected fractions above 0, to 1: try (1.0, 0.3)"),
        ({"batch_size": 0}, "batch_size is 0 and rise 0.2, expected at least 1 and between 0 and 1: try 250 and 0.2"),
        ({"rise": 1.0}, "batch_size is 250 and rise 1, expected at least 1 and between 0 and 1: try 250 and 0.2"),
        ({"shift": 28}, "shift is 28, expected 0 to 27 pixels: try 1"),
        ({"smoothing": 2}, "lr is 0.05 and smoothing 2, expected above 0 and from 0 to 1: try 0.05 and 0.1"),
        ({"lr": math.nan}, "lr is nan and smoothing 0.1, expected above 0 and from 0 to 1: try 0.05 and 0.1"),
        ({"batch_size": 2.5}, "batch_size is 2.5, expected a whole number"),
    ],
)
def test_numbers_out_of_range_are_named(change, sentence):
    with pytest.raises(ValueError) as error:
        Recipe(**change)
    assert str(error.value) == sentence


def test_a_loss_that_is_not_finite_is_told():
    recipe = replace(TINY, optimizer=partial(torch.optim.SGD, momentum=0.9), lr=1e30, passes=(1.0, 1.0))
    with pytest.raises(FloatingPointError) as error:
        train(recipe, some_images())
    assert str(error.value) == "a loss or a weight is not finite with learning rate 1e+30: try a smaller one"


def test_a_weight_that_breaks_in_the_last_step_is_told():
    class Breaking(torch.optim.SGD):
        def step(self):
            self.param_groups[0]["params"][0].data[0] = math.nan

    with pytest.raises(FloatingPointError, match="a loss or a weight is not finite with learning rate 0.05"):
        train(replace(TINY, optimizer=Breaking, batch_size=60), some_images())


def test_no_images_are_refused():
    with pytest.raises(ValueError, match="image_set is empty, expected one image or more"):
        train(TINY, ImageSet(torch.zeros(0, 28, 28, dtype=torch.uint8), torch.zeros(0, dtype=torch.int64)))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_training_on_a_gpu_ends_near_that_on_a_cpu():
    image_set = some_images()
    apart = weights(train(TINY, image_set, device="cuda")) - weights(train(TINY, image_set))
    assert apart.norm() < 1e-2 * math.sqrt(apart.numel())
