"""A recipe is how a network is built and trained where nobody has chosen, to do well on small and large data alike."""

from nnctl.spec.commented import Key, Section

HIDDEN = (64, 32)
SHARES = {
    "validation": (0.1, "a share of the rows that tells when to stop"),
    "test": (0.2, "a share that training never sees: what to expect of new rows"),
}
FEWEST = 10  # rows of the largest class (in all where numbers are predicted) of which shares are held back
BATCHES, SMALLEST, LARGEST = 8, 16, 256  # batches in an epoch at least, where they need not be smaller; examples in one
UPDATES, EPOCHS, WITHOUT_VALIDATION = 40_000, (40, 300), 100


def shares(rows: int) -> list[Key]:
    """Return the shares to hold back, where the largest class has so many rows."""
    return [Key(part, *share) for part, share in SHARES.items()] if rows >= FEWEST else []


def model() -> Section:
    """Return the network."""
    hidden = ["relu"] * len(HIDDEN)
    return Section(
        "model",
        [
            Key("layer_dims", ("auto", *HIDDEN, "auto"), "auto: the data tell how many inputs and outputs there are"),
            Key("activations", (*hidden, "auto"), "auto: sigmoid or softmax for classes, linear for numbers"),
            Key("init", "he", "randn * sqrt(2 / units of the layer before): made for relu"),
        ],
    )


def train(m: int, validates: bool) -> Section:
    """Return the training on m examples; without validation examples it cannot stop in time."""
    batch = SMALLEST
    while batch < LARGEST and batch * 2 * BATCHES <= m:
        batch *= 2
    batch = min(batch, m)
    least, most = EPOCHS
    epochs = min(max(UPDATES * batch // m, least), most) if validates else WITHOUT_VALIDATION
    keys = [
        Key("optimizer", "adam", "steps of one size, whatever the size of the gradients"),
        Key("learning_rate", 0.002, "how far one update goes"),
        Key("batch_size", batch, "examples that an update looks at"),
        Key("epochs", epochs, "passes over the training rows, at most" if validates else "passes over the rows"),
        Key("l2", 3, "keeps W small: the fewer the rows, the less is learnt by heart"),
    ]
    if validates:
        patience = Key(
            "early_stopping", {"patience": epochs // 10}, "epochs without a lower validation loss; the best is kept"
        )
        keys.append(patience)
    return Section("train", keys)
