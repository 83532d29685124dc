"""PyTorch as a contestant: the usual eager loop over tensors in memory, without a DataLoader's cost.

Warming up tries one thread and all cores, and the optimizer's fused form, and keeps the fastest.
"""

import itertools
import time
from typing import Any

import torch

from benchmarks.problem import Layers, Trainer


class Torch(Trainer):
    """An nn.Sequential with a fused loss on logits."""

    threads, fused = torch.get_num_threads(), True

    def warm_up(self) -> dict[str, Any]:
        """Try the settings; keep the fastest."""
        self.train(self.problem.warm_up_epochs)
        tried = {}
        for choice in itertools.product(sorted({1, self.threads}), (False, True)):
            self.threads, self.fused = choice
            tried[choice] = self.train(self.problem.warm_up_epochs)[0]
        self.threads, self.fused = min(tried, key=tried.__getitem__)
        return {
            "settings": self._described(self.threads, self.fused),
            "tried": {self._described(*choice): seconds for choice, seconds in tried.items()},
        }

    def train(self, epochs: int) -> tuple[float, Layers]:
        """Train from the initial parameters; return the seconds that training alone took, and the layers."""
        problem = self.problem
        torch.set_num_threads(self.threads)
        X, y = torch.from_numpy(problem.X), torch.from_numpy(problem.y)
        linear = []
        for W, b in problem.initial():
            layer = torch.nn.Linear(W.shape[1], W.shape[0], dtype=X.dtype)
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(W))
                layer.bias.copy_(torch.from_numpy(b))
            linear += [layer, torch.nn.ReLU()]
        network = torch.nn.Sequential(*linear[:-1])
        if problem.binary:
            y, loss = y[:, None].to(X.dtype), torch.nn.BCEWithLogitsLoss()
        else:
            loss = torch.nn.CrossEntropyLoss()
        kind = {"gradient_descent": torch.optim.SGD, "adam": torch.optim.Adam}[problem.optimizer]
        optimizer = kind(network.parameters(), lr=problem.learning_rate, fused=self.fused)

        def step(X: torch.Tensor, y: torch.Tensor) -> None:
            optimizer.zero_grad()
            loss(network(X), y).backward()
            optimizer.step()

        start = time.perf_counter()
        for epoch in range(epochs):
            if problem.batch_size is None:
                step(X, y)
            else:
                for rows in torch.from_numpy(problem.order(epoch)).split(problem.batch_size):
                    step(X[rows], y[rows])
        seconds = time.perf_counter() - start
        return seconds, [(layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in linear[::2]]

    def _described(self, threads: int, fused: bool) -> str:
        return f"{threads} thread{'s'[: threads > 1]}, {'fused' if fused else 'default'} optimizer"
