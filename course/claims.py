"""The claims that the course puts to the test, and the one line in which a notebook judges one."""

CLAIMS = {
    "c1": "ReLU is the best activation",
    "c2": "Adam trains better than SGD",
    "c3": "a wrong learning rate alone turns a correct network into garbage",
    "c4": "LeakyReLU instead of ReLU, and a GPU, lift MNIST from 83 % to 94 %",
    "c5": "ten epochs of plain SGD climb from 62 % to 94 % on MNIST",
    "c6": "full-batch descent is the fastest, because it follows the global gradient",
    "c7": "training on 1,000 examples first is a good start for all of them",
    "c8": "the batch size cannot matter to the optimum, only to speed",
    "c9": "a network with a hand-written backward pass cannot converge",
    "c10": "memory stops growing while predicting, never while training",
    "c11": "memory depends on batch size and parameters only, not on the data set",
    "c12": "one process a file reads 5.2 times faster, and threads do not help",
    "c13": "a static graph doubles the speed",
    "c14": "ReLU converges about 6 times faster than sigmoid or tanh",
    "c15": "squared error with sigmoid learns slower than cross-entropy with sigmoid",
    "c16": "batch norm makes initialisation unimportant and allows larger learning rates",
    "c17": "argmax of softmax equals argmax of logits",
    "c18": "from_numpy shares memory both ways",
    "c19": "L2 prefers even weights, L1 sparse ones",
    "c20": "the first layers extract features, the last ones fit the function",
}


def verdict(claim: str, judgement: str, because: str) -> None:
    """Print the verdict on a claim: `c3 · the claim · holds · the evidence`.

    judgement: "holds", "false", or "holds only when" followed by the condition.
    because: the evidence in a clause; measured figures in it carry their ≈.
    Raises: ValueError for an unknown claim or judgement.
    """
    if claim not in CLAIMS:
        raise ValueError(f"claim is {claim!r}, expected one of {', '.join(CLAIMS)}")
    if judgement not in ("holds", "false") and not judgement.startswith("holds only when "):
        raise ValueError(f"judgement is {judgement!r}, expected 'holds', 'false' or 'holds only when …'")
    print(f"{claim} · {CLAIMS[claim]} · {judgement} · {because}")
