"""Every optimizer against its textbook formula, in blocks and across them; and what all optimizers share."""

import tracemalloc

import numpy as np
import pytest

from nnctl.nn.optimizers import BLOCK, bind, optimizers

STEPS = 7
RATES = 0.1 / (1 + np.arange(STEPS))  # another one for each update
OPTIONS = {
    "gradient_descent": {},
    "momentum": {"beta": 0.5},
    "nesterov": {"beta": 0.75},
    "rmsprop": {"rho": 0.6, "epsilon": 0.1},
    "adam": {"beta1": 0.7, "beta2": 0.8, "epsilon": 0.1},
    "adamw": {"beta1": 0.0, "beta2": 0.5, "epsilon": 0.01, "weight_decay": 2.0},
}


def average(values, beta):
    """Return the exponentially weighted average of all values so far, (1 - beta) sum of beta^(t - i) values[i]."""
    weights = (1 - beta) * beta ** np.arange(len(values))[::-1]
    return np.tensordot(weights, values, axes=1)


def gradient_descent(g):
    return g[-1]


def momentum(g, beta=0.9):
    return average(g, beta)


def nesterov(g, beta=0.9):
    return beta * average(g, beta) + (1 - beta) * g[-1]


def rmsprop(g, rho=0.9, epsilon=1e-8):
    return g[-1] / (np.sqrt(average(g**2, rho)) + epsilon)


def adam(g, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m, v = average(g, beta1) / (1 - beta1 ** len(g)), average(g**2, beta2) / (1 - beta2 ** len(g))
    return m / (np.sqrt(v) + epsilon)


# the direction p goes in, from all gradients g (t, n) so far
DIRECTIONS = {f.__name__: f for f in (gradient_descent, momentum, nesterov, rmsprop, adam)} | {"adamw": adam}
DECAYS = dict.fromkeys(DIRECTIONS, 0.0) | {"adamw": 0.01}  # unless said otherwise


def textbook(name, p, decaying, gradients, rates, weight_decay=None, **options):
    """Return p after updates with the gradients (t, n) at the rates (t,); the first `decaying` numbers are weights."""
    decay = np.where(np.arange(len(p)) < decaying, DECAYS[name] if weight_decay is None else weight_decay, 0.0)
    for t, rate in enumerate(rates, start=1):
        p = p * (1 - rate * decay) - rate * DIRECTIONS[name](gradients[:t], **options)
    return p


class Bound:
    """An optimizer bound to vectors of its own: p (n,), the first `decaying` of which decay, and its state."""

    def __init__(self, optimizer, p, decaying=0, state=None):
        self.p, self.g = p.copy(), np.empty_like(p)
        self.state = np.zeros((optimizer.slots, len(p)), p.dtype) if state is None else state.copy()
        self._update = bind(optimizer, self.p, self.g, self.p[:decaying], self.state)

    def update(self, gradient, rate, t):
        self.g[:] = gradient
        self._update(rate, t)


def updated(optimizer, p, decaying, gradients, rates):
    bound = Bound(optimizer, p, decaying)
    for t, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        bound.update(gradient, rate, t)
    return bound.p


def drawn(n, seed=0):
    """Return p (n,) and gradients (STEPS, n) of very different sizes, a few of them 0."""
    stream = np.random.RandomState(seed)
    gradients = stream.randn(STEPS, n) * 10.0 ** stream.randint(-3, 2, size=n)
    gradients[stream.rand(STEPS, n) < 0.1] = 0
    return stream.randn(n), gradients


@pytest.mark.parametrize("defaults", [True, False])
@pytest.mark.parametrize(
    ("n", "decaying"), [(1, 1), (50, 30), (BLOCK, 5), (BLOCK + 1, BLOCK), (2 * BLOCK + 77, BLOCK + 13)]
)
@pytest.mark.parametrize("name", optimizers)
def test_updates_are_the_textbooks(name, n, decaying, defaults):
    options = {} if defaults else {"weight_decay": 0.5, **OPTIONS[name]}
    p, gradients = drawn(n)
    expected = textbook(name, p, decaying, gradients, RATES, **options)
    p = updated(optimizers[name](**options), p, decaying, gradients, RATES)
    np.testing.assert_allclose(p, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("decaying", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 9])
@pytest.mark.parametrize("name", optimizers)
def test_weights_decay_up_to_their_border_and_nothing_after_it(name, decaying):
    start = np.random.RandomState(1).randn(2 * BLOCK + 9)
    p = updated(optimizers[name](weight_decay=0.3), start, decaying, np.zeros(3), [0.1, 0.2, 0.5])
    np.testing.assert_allclose(p[:decaying], start[:decaying] * (0.97 * 0.94 * 0.85), rtol=1e-15)
    np.testing.assert_array_equal(p[decaying:], start[decaying:])


@pytest.mark.parametrize("name", optimizers)
def test_float32_is_updated_in_float32(name):
    p, gradients = drawn(BLOCK + 100)
    rounded = updated(optimizers[name](weight_decay=0.5), p.astype(np.float32), BLOCK + 50, gradients, RATES)
    expected = textbook(name, p, BLOCK + 50, gradients, RATES, weight_decay=0.5)
    np.testing.assert_allclose(rounded, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", optimizers)
def test_an_update_is_made_in_place(name, dtype):
    p, gradients = drawn(BLOCK + 100)
    bound = Bound(optimizers[name](weight_decay=0.5), p.astype(dtype), BLOCK + 50)
    with np.errstate():  # which gives the size of buffers back
        np.setbufsize(16)  # NumPy's own buffers shall not hide a copy
        tracemalloc.start()
        for t in (1, 2):
            bound.update(gradients[t], 0.1, t)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 4000  # bytes; one temporary array would have 64 kB or more


@pytest.mark.parametrize("name", optimizers)
def test_all_that_an_update_remembers_is_in_its_state_and_in_t(name):
    p, gradients = drawn(BLOCK + 3)
    optimizer = optimizers[name]()
    unbroken = Bound(optimizer, p)
    for t in (1, 2, 3):
        unbroken.update(gradients[t], 0.1, t)
    resumed = Bound(optimizer, unbroken.p, state=unbroken.state)
    for t in (4, 5):
        unbroken.update(gradients[t], 0.1, t)
        resumed.update(gradients[t], 0.1, t)
    np.testing.assert_array_equal(resumed.p, unbroken.p)
    np.testing.assert_array_equal(resumed.state, unbroken.state)


@pytest.mark.parametrize("t", [1, 2, 50, 10**9])
@pytest.mark.parametrize("name", optimizers)
def test_t_enters_by_the_formula_alone(name, t):
    p, gradients = drawn(20)
    bound = Bound(optimizers[name](), p)
    bound.update(gradients[0], 0.1, t)
    g = gradients[0]
    if name in ("adam", "adamw"):
        m, v = 0.1 * g / (1 - 0.9**t), 0.001 * g**2 / (1 - 0.999**t)
        direction = m / (np.sqrt(v) + 1e-8)
    else:
        direction = DIRECTIONS[name](gradients[:1])
    np.testing.assert_allclose(bound.p, p - 0.1 * direction, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", optimizers)
def test_linear_says_whether_updates_add_up_as_gradients_do(name):
    _, first = drawn(40, seed=2)
    _, second = drawn(40, seed=3)
    optimizer = optimizers[name](weight_decay=0.5)
    start = np.random.RandomState(4).randn(2, 40)
    ends = [
        updated(optimizer, p, 30, gradients, RATES)
        for p, gradients in [(start[0], first), (start[1], second), (start[0] - 3 * start[1], first - 3 * second)]
    ]
    assert np.allclose(ends[2], ends[0] - 3 * ends[1], rtol=1e-10, atol=1e-10) == optimizer.linear
