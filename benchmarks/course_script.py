"""The script at the end of the course's lesson on initialization: three trainings and one picture of their costs.

python -m benchmarks.course_script DATA.npz ITERATIONS
"""

import itertools
import sys

import matplotlib
import numpy as np

from benchmarks.course import descend

matplotlib.use("Agg")
import matplotlib.pyplot as plt

LAYER_DIMS = [2, 10, 5, 1]
SCALES = {"zeros": lambda k: 0.0, "random": lambda k: 10.0, "he": lambda k: np.sqrt(2.0 / k)}

if __name__ == "__main__":
    np.seterr(all="ignore")  # the loop takes log(0) where `random` saturates
    data = np.load(sys.argv[1])
    X, Y = data["x_train"].T, data["y_train"][None, :]
    for name, scale in SCALES.items():
        stream = np.random.RandomState(3)
        parameters = {}
        for layer, (k, n) in enumerate(itertools.pairwise(LAYER_DIMS), start=1):
            parameters[f"W{layer}"] = stream.randn(n, k) * scale(k)
            parameters[f"b{layer}"] = np.zeros((n, 1))
        costs = descend(X, Y, parameters, 0.01, int(sys.argv[2]))
        print("cost", name, costs[-1])
        plt.plot(costs[::100], label=name)
    plt.xlabel("iterations (hundreds)")
    plt.ylabel("cost")
    plt.legend()
    plt.savefig("costs.png")
