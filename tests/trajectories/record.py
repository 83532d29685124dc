"""The oracle: every case trained by PyTorch, in float64 on the CPU, so that tests can hold nnctl against it.

`python tests/trajectories/record.py` writes the parameters and costs of all cases into recorded.npz beside it. It
refuses a case whose end is not determined by its start: one where a disturbance of 1e-14 grows beyond 1e-11.

PyTorch's own optimizers, schedulers, losses and clipping are used wherever they mean the same. Where they differ:

    nnctl                                           PyTorch                                       here
    momentum: v = beta v + (1 - beta) g             SGD: v = beta v + g                           rate (1 - beta)
    nesterov: p -= rate (beta v + (1 - beta) g)     SGD: p -= rate (beta v + g)                   rate (1 - beta)
    weight_decay multiplies W by 1 - rate decay     SGD, RMSprop: adds decay p to the gradient    by hand
    weight_decay is for W only                      AdamW: for every parameter                    two groups
    exponential has `every`                         ExponentialLR: at every step                  StepLR
    inverse_time, coslog                            none                                          LambdaLR
    cosine ends in the share `final` of the rate    CosineAnnealingLR: in the rate eta_min        final times rate
    cosine stays at its end after `length`          CosineAnnealingLR: rises again                not stepped further
    warm-up i: (i + 1) / n, then the schedule at 0  LinearLR: from start_factor, total_iters      1 / n, n - 1
    warm-up rises at every iteration                a scheduler moves when it is stepped          one rate for each
    clip_norm: c / norm where norm > c              clip_grad_norm_: c / (norm + 1e-6)            by hand
    l1, l2: divided by the training examples        none                                          added to the cost
    label_smoothing of one sigmoid                  cross_entropy has it, for a softmax           targets by hand
    class weights: the mean divides by m            cross_entropy: by the sum of the weights      sum / m
    mean_squared_error: sum over outputs, mean      mse_loss: mean over outputs and examples      sum / m
    over examples
"""

import json
from itertools import count, islice, repeat
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from torch.nn.utils import clip_grad_value_
from torch.optim import SGD, Adam, AdamW, RMSprop, lr_scheduler

RECORDING = Path(__file__).with_name("recorded.npz")


def trajectory(task, train, parameters_after, costs_at, seed, disturbance=0.0):
    """Return the parameters after some numbers of updates (k, all W then all b), and the costs before some updates."""
    torch.set_num_threads(1)  # there is no work for more, and on a busy machine they take ten times as long
    rows, targets = task.examples()
    X, y = torch.tensor(rows), torch.tensor(targets)
    first = np.concatenate([w.ravel() for w in task.first_weights()])
    W = torch.tensor(first + disturbance).requires_grad_()  # all W of the network, and all b, in a row
    b = torch.full((sum(task.layer_dims[1:]),), disturbance, dtype=torch.float64).requires_grad_()
    optimizer, factor, decay = _optimizer(train["optimizer"], W, b)
    batches = _batches(len(X), train.get("batch_size"), train.get("shuffle_seed", seed))
    weights = _class_weights(train.get("class_weights"), y, task.classes)
    passed, costs = [], []
    for iteration, (rate, batch) in enumerate(zip(_rates(train, len(X)), batches, strict=False)):
        Z = _forward(X[batch], W, b, task.layer_dims)
        cost = _loss(Z, y[batch], task.output, weights, train.get("label_smoothing", 0.0)) + _penalty(W, train, len(X))
        if iteration in costs_at:
            costs.append(cost.item())
        optimizer.zero_grad()
        cost.backward()
        _clip(W, b, train)
        with torch.no_grad():
            W.mul_(1 - rate * decay)
        for group in optimizer.param_groups:
            group["lr"] = rate * factor
        optimizer.step()
        if iteration + 1 in parameters_after:
            passed.append(torch.cat([W, b]).detach().numpy())
    return np.array(passed), np.array(costs)


def _forward(X, W, b, layer_dims):
    """Return the last layer's Z, examples as rows, of a network with tanh in the layers before it."""
    shapes = list(zip(layer_dims[1:], layer_dims[:-1], strict=True))
    Z, A = None, X
    for w, c, shape in zip(W.split([n * k for n, k in shapes]), b.split(layer_dims[1:]), shapes, strict=True):
        Z = functional.linear(A if Z is None else torch.tanh(Z), w.view(shape), c)
    return Z


def _loss(Z, y, output, weights, smoothing):
    """Return the sum over outputs and mean over examples of the loss that goes with the output activation."""
    if output == "softmax":
        return functional.cross_entropy(Z, y, weights, reduction="sum", label_smoothing=smoothing) / len(y)
    if output == "sigmoid":
        weight = None if weights is None else weights[y]
        shares = y.double() * (1 - smoothing) + smoothing / 2
        return functional.binary_cross_entropy_with_logits(Z[:, 0], shares, weight, reduction="sum") / len(y)
    return functional.mse_loss(Z, y, reduction="sum") / len(y)


def _class_weights(wanted, y, classes):
    """Return the weight of each class, or None; `balanced` counts all examples, a mapping's silence means 1."""
    if wanted is None:
        return None
    if wanted == "balanced":
        return len(y) / (classes * torch.bincount(y).double())
    return torch.tensor([wanted.get(str(number), 1.0) for number in range(classes)], dtype=torch.float64)


def _penalty(W, train, m):
    """Return what l1 and l2 add to the cost, m being the number of training examples."""
    penalty = 0.0
    if "l1" in train:
        penalty += train["l1"] / m * W.abs().sum()
    if "l2" in train:
        penalty += train["l2"] / (2 * m) * W.square().sum()
    return penalty


def _clip(W, b, train):
    """Clip the gradients in place, by value or by their common norm."""
    if "clip_value" in train:
        clip_grad_value_([W, b], train["clip_value"])
    if "clip_norm" in train:
        norm = torch.cat([W.grad, b.grad]).norm()
        if norm > train["clip_norm"]:
            for p in (W, b):
                p.grad.mul_(train["clip_norm"] / norm)


def _batches(m, batch_size, shuffle_seed):
    """Return the examples of each update, without end."""
    if batch_size is None:
        return repeat(torch.arange(m))
    shuffled = (np.random.RandomState(shuffle_seed + epoch).permutation(m) for epoch in count())
    return (batch for order in shuffled for batch in torch.tensor(order).split(batch_size))


def _optimizer(chosen, W, b):
    """Return an optimizer, what its rate is multiplied by, and the weight decay that is left to be done by hand."""
    name, options = _named(chosen)
    decay = options.pop("weight_decay", 0.01 if name == "adamw" else 0.0)
    if name == "gradient_descent":
        return SGD([W, b]), 1.0, decay
    if name in ("momentum", "nesterov"):
        beta = options.pop("beta", 0.9)
        return SGD([W, b], momentum=beta, nesterov=name == "nesterov"), 1 - beta, decay
    epsilon = options.pop("epsilon", 1e-8)
    if name == "rmsprop":
        return RMSprop([W, b], alpha=options.pop("rho", 0.9), eps=epsilon), 1.0, decay
    betas = (options.pop("beta1", 0.9), options.pop("beta2", 0.999))
    if name == "adam":
        return Adam([W, b], betas=betas, eps=epsilon), 1.0, decay
    groups = [{"params": W, "weight_decay": decay}, {"params": b, "weight_decay": 0.0}]
    return AdamW(groups, betas=betas, eps=epsilon), 1.0, 0.0


def _rates(train, m):
    """Return the learning rate of each update, as PyTorch's schedulers give it: a warm-up, then the schedule."""
    name, options = _named(train.get("schedule", "constant"))
    per_epoch = -(-m // train.get("batch_size", m))
    unit = per_epoch if options.pop("per", "iteration" if name == "coslog" else "epoch") == "epoch" else 1
    ramp = options.pop("warmup", 0) * unit
    rest = (train["iterations"] - ramp) // unit
    rates = []
    if ramp:
        optimizer = SGD([torch.zeros(1)], lr=train["learning_rate"])
        warmup = lr_scheduler.LinearLR(optimizer, start_factor=1 / ramp, end_factor=1.0, total_iters=ramp - 1)
        rates += islice(_readings(optimizer, warmup, ramp), ramp)
    optimizer = SGD([torch.zeros(1)], lr=train["learning_rate"])
    scheduler, last = _scheduler(optimizer, name, options, train["learning_rate"], rest)
    for rate in islice(_readings(optimizer, scheduler, last), rest):
        rates += [rate] * unit
    return rates


def _readings(optimizer, scheduler, last):
    """Yield the rate at t = 0, 1, ... without end; the scheduler is not stepped beyond t = last."""
    t = 0
    while True:
        yield optimizer.param_groups[0]["lr"]
        if t < last:
            optimizer.step()
            scheduler.step()
        t += 1


def _scheduler(optimizer, name, options, learning_rate, rest):
    """Return a scheduler, and the last t to step it to."""
    if name == "constant":
        return lr_scheduler.ConstantLR(optimizer, factor=1.0), rest
    if name == "step":
        return lr_scheduler.StepLR(optimizer, options["every"], options.get("factor", 0.1)), rest
    if name == "exponential":
        rate, every = options.get("rate", 0.96), options.get("every", 1)
        exponential = lr_scheduler.ExponentialLR(optimizer, rate)
        return (exponential if every == 1 else lr_scheduler.StepLR(optimizer, every, rate)), rest
    if name == "inverse_time":
        rate, every = options.get("rate", 1.0), options.get("every", 1)
        return lr_scheduler.LambdaLR(optimizer, lambda t: 1 / (1 + rate * (t // every))), rest
    if name == "coslog":
        base = 2 ** options.get("cycles", 4)
        waves = [np.log1p((base - 1) * (t + 0.5) / rest) / np.log(2) for t in range(rest + 1)]
        return lr_scheduler.LambdaLR(optimizer, lambda t: (1 - np.cos(2 * np.pi * waves[t])) / 2), rest
    length = options.get("length", rest)
    final = options.get("final", 0.0) * learning_rate
    return lr_scheduler.CosineAnnealingLR(optimizer, length, eta_min=final), length


def _named(chosen):
    """Return the name and the options of `adam` or `{name: adam, beta1: 0.9}`."""
    options = {"name": chosen} if isinstance(chosen, str) else dict(chosen)
    return options.pop("name"), options


def main():
    """Record every case, or say which of them are chaotic."""
    import cases  # beside this file, when it is run as a script

    arrays, chaotic = {}, {}
    for name, (task, train) in cases.CASES.items():
        settings = (cases.TASKS[task], train, cases.PARAMETERS_AFTER, cases.COSTS_AT, cases.SEED)
        parameters, costs = trajectory(*settings)
        growth = np.abs(trajectory(*settings, disturbance=1e-14)[0] - parameters).max()
        if not growth < 1e-11:
            chaotic[name] = growth
        arrays[f"{name}/parameters"], arrays[f"{name}/costs"] = parameters, costs
        print(f"{name:45} cost {costs[0]:.6f} -> {costs[-1]:.6f}, a disturbance of 1e-14 ends as {growth:.0e}")
    if chaotic:
        raise SystemExit(f"not recorded; these cases are chaotic: {chaotic}")
    np.savez_compressed(RECORDING, cases=json.dumps(cases.CASES), torch=torch.__version__, **arrays)


if __name__ == "__main__":
    main()
