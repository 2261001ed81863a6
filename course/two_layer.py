"""The common start of the two-layer network: several notebooks build it in many ways, from these very numbers.

    z = x @ w1         (N, H)        no biases, and all in float64
    h = max(z, 0)      (N, H)
    y_pred = h @ w2    (N, D_OUT)
    loss = ((y_pred - y) ** 2).sum(1).mean()

Plain gradient descent on all N examples: w -= LEARNING_RATE * gradient, for both weights at once.
"""

import numpy as np

N, D_IN, H, D_OUT = 64, 100, 50, 10
LEARNING_RATE = 0.05  # in 20 steps the loss falls to a tenth, in 500 below 1e-6


def two_layer_start(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw inputs, targets and initial weights, in this order; the targets are noise, to be learnt by heart.

    Shapes: x (N, D_IN), y (N, D_OUT), w1 (D_IN, H), w2 (H, D_OUT), float64.
    """
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N, D_IN))
    y = rng.standard_normal((N, D_OUT))
    w1 = rng.standard_normal((D_IN, H)) / np.sqrt(D_IN)  # so that z is about as large as x
    w2 = rng.standard_normal((H, D_OUT)) / np.sqrt(H)
    return x, y, w1, w2
