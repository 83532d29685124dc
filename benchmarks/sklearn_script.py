"""The script that a scikit-learn user would write for the cat pictures: read, train, score, save.

python -m benchmarks.sklearn_script DATA.npz EPOCHS
"""

import sys
import warnings

import joblib
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    data = np.load(sys.argv[1])
    X_train, X_test = (
        data[name].reshape(len(data[name]), -1).astype(np.float32) / 255 for name in ("x_train", "x_test")
    )
    model = MLPClassifier(
        hidden_layer_sizes=(20, 7, 5),
        solver="sgd",
        alpha=0,
        momentum=0,
        learning_rate_init=0.0075,
        batch_size=len(X_train),
        shuffle=False,
        max_iter=int(sys.argv[2]),
        tol=0,
        n_iter_no_change=10**9,
        random_state=1,
    )
    model.fit(X_train, data["y_train"])
    print("accuracy", model.score(X_train, data["y_train"]), model.score(X_test, data["y_test"]))
    joblib.dump(model, "model.joblib")
    print("cost", model.loss_)
