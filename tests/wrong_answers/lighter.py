import torch
from torch.nn import functional as F


def given_dense(inputs, growth, layers): ...


def as_the_first(inputs, growth, layers):
    return 9 * layers * inputs * growth


def without_kernel(inputs, growth, layers):
    return sum((inputs + layer * growth) * growth for layer in range(layers))


def sees_itself(inputs, growth, layers):
    return sum(9 * (inputs + layer * growth) * growth for layer in range(1, layers + 1))


def product(inputs, growth, layers):
    return inputs * growth * layers + 1


def given_mask(weight, mask, optimizer, loss_fn):
    optimizer.zero_grad()
    loss_fn(weight).backward()
    with torch.no_grad():
        weight.mul_(mask)
    optimizer.step()
    return weight


def only_what_is_returned(weight, mask, optimizer, loss_fn):
    optimizer.zero_grad()
    loss_fn(weight).backward()
    optimizer.step()
    return weight * mask


def no_step(weight, mask, optimizer, loss_fn):
    with torch.no_grad():
        weight.mul_(mask)
    return weight


def upside_down(weight, mask, optimizer, loss_fn):
    optimizer.zero_grad()
    loss_fn(weight).backward()
    optimizer.step()
    with torch.no_grad():
        weight.mul_(1 - mask)
    return weight


def given_frozen(body, head, x, y, lr):
    body.requires_grad_(False)
    body.train()
    head.train()
    optimizer = torch.optim.SGD(head.parameters(), lr=lr)
    optimizer.zero_grad()
    F.cross_entropy(head(body(x)), y).backward()
    optimizer.step()
    return head


def all_learn(body, head, x, y, lr):
    body.eval()
    optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=lr)
    F.cross_entropy(head(body(x)), y).backward()
    optimizer.step()
    return head


def nobody_learns(body, head, x, y, lr):
    body.eval()
    return head


def statistics_put_back(body, head, x, y, lr):
    kept = {name: numbers.clone() for name, numbers in body.state_dict().items()}
    body.train()
    optimizer = torch.optim.SGD(head.parameters(), lr=lr)
    F.cross_entropy(head(body(x)), y).backward()
    optimizer.step()
    body.load_state_dict(kept)
    return head


UNTOUCHED = {"lighter.dense": given_dense, "lighter.mask": given_mask, "lighter.frozen": given_frozen}
WRONG = {
    "lighter.dense": [
        (as_the_first, "each layer sees as much as the first"),
        (without_kernel, "9 weights for each pair"),
        (sees_itself, "does not see what it adds itself"),
        (product, "write down what each layer sees"),
    ],
    "lighter.mask": [
        (given_mask, "weights have come back"),
        (only_what_is_returned, "in the weight that was given"),
        (no_step, "differ from what one step"),
        (upside_down, "you have it upside down"),
    ],
    "lighter.frozen": [
        (given_frozen, "It is no parameter"),
        (all_learn, "only the head shall learn"),
        (nobody_learns, "the head has not changed"),
        (statistics_put_back, "takes another step"),
    ],
}
