"""A recipe is how a network is built and trained where nobody has chosen, to do well on small and large data alike.

That for rows of numbers and names follows RealMLP (Holzmueller et al. 2024); what each of its parts is worth here, by
`python -m benchmarks ablations`, is in docs/tables.md. Pictures have a plainer one.
"""

from dataclasses import dataclass

from nnctl.spec.commented import Key, Section

HIDDEN, OF_PICTURES = (128, 128), (64, 32)
MOST_EMBEDDED = 100  # features: the waves of more would take longer than all layers
SHARES = {
    "validation": (0.1, "a share of the rows that tells when to stop"),
    "test": (0.2, "a share that training never sees: what to expect of new rows"),
}
FEWEST = 10  # rows of the largest class (in all where numbers are predicted) of which shares are held back
BATCHES, SMALLEST, LARGEST = 8, 16, 256  # batches in an epoch at least, where they need not be smaller; examples in one
UPDATES, EPOCHS, WITHOUT_VALIDATION = 40_000, (40, 256), 100
NETWORKS, MOST_TOGETHER = 5, 10**7  # in an ensemble, and examples that each sees at most: more take minutes
MOST_OF_PICTURES = 300  # epochs, of which most are seldom needed


@dataclass(frozen=True)
class Task:
    """What a recipe has to know: how many features a row of numbers and names has, None for pictures, and whether
    classes are to be predicted.
    """

    features: int | None = None
    classes: bool = False


def shares(rows: int) -> list[Key]:
    """Return the shares to hold back, where the largest class has so many rows."""
    return [Key(part, *share) for part, share in SHARES.items()] if rows >= FEWEST else []


def scale() -> Key:
    """Return how numbers among the features are prepared."""
    return Key("scale", "robust", "numbers by their median and quartiles, what is far off drawn in")


def targets() -> list[Key]:
    """Return how numbers to predict are learnt."""
    return [
        Key("scale_target", "standardize", "numbers are learnt so, and predicted as they are"),
        Key("clip_outputs", True, "predictions stay within the range of the training rows"),
    ]


def model(task: Task) -> Section:
    """Return the network."""
    hidden, name = (OF_PICTURES, "relu") if task.features is None else (HIDDEN, "mish")
    keys = [
        Key("layer_dims", ("auto", *hidden, "auto"), "auto: the data tell how many inputs and outputs there are"),
        Key("activations", (*[name] * len(hidden), "auto"), "auto: sigmoid or softmax for classes, linear for numbers"),
        Key("init", "he", "randn * sqrt(2 / units of the layer before): made for relu and its like"),
    ]
    if task.features is not None:
        if task.features <= MOST_EMBEDDED:
            keys.append(Key("embed", "periodic", "beside each number waves of it, which are learnt"))
        keys.append(Key("input_scale", "learned", "a factor of each input: what tells nothing can fade"))
    return Section("model", keys)


def train(m: int, validates: bool, task: Task) -> Section:
    """Return the training on m examples; without validation examples it cannot stop in time."""
    batch, epochs = _batches(m, validates, EPOCHS[1] if task.features is not None else MOST_OF_PICTURES)
    size = Key("batch_size", batch, "examples that an update looks at")
    most = Key("epochs", epochs, "passes over the training rows")
    if task.features is None:
        return _of_pictures(size, most, validates)
    keys = [
        Key("optimizer", {"name": "adam", "beta2": 0.95}, "steps of one size, by the gradients of the last 20 updates"),
        Key("learning_rate", 0.006, "how far one update goes at most"),
        Key("schedule", "coslog", "the rate rises and falls four times, each time twice as long"),
        size,
        most,
        Key("dropout", 0.15, "the share of units that are silent, drawn anew at each update"),
    ]
    if task.classes:
        keys.append(Key("label_smoothing", 0.1, "be no surer of a class than that; 0 where probabilities count"))
    if m * epochs <= MOST_TOGETHER:
        keys.append(Key("ensemble", NETWORKS, "so many networks, whose outputs are averaged; 1 for a quick look"))
    keys.append(Key("dtype", "float32", "twice as fast as float64"))
    if validates:
        keys.append(Key("early_stopping", {"patience": epochs}, "the best epoch on the validation rows is kept"))
    return Section("train", keys)


def _batches(m: int, validates: bool, most: int) -> tuple[int, int]:
    """Return how many examples an update looks at, and how many epochs there are, so many at most."""
    batch = SMALLEST
    while batch < LARGEST and batch * 2 * BATCHES <= m:
        batch *= 2
    batch = min(batch, m)
    return batch, min(max(UPDATES * batch // m, EPOCHS[0]), most) if validates else WITHOUT_VALIDATION


def _of_pictures(size: Key, epochs: Key, validates: bool) -> Section:
    """Return the training on pictures."""
    keys = [
        Key("optimizer", "adam", "steps of one size, whatever the size of the gradients"),
        Key("learning_rate", 0.002, "how far one update goes"),
        size,
        epochs,
        Key("l2", 3, "keeps W small: the fewer the rows, the less is learnt by heart"),
    ]
    if validates:
        patience = Key(
            "early_stopping",
            {"patience": epochs.value // 10},
            "epochs without a lower validation loss; the best is kept",
        )
        keys.append(patience)
    return Section("train", keys)
