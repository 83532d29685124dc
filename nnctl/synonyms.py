"""A synonym is what another tool or the course calls something that has a name of its own here.

It is not accepted in place of that name, but understood: the message tells the name, and where the two do not stand for
the same quantity, what to write.
"""

from collections.abc import Iterable

_WORDS = {  # the name here -> what else it is called, in small letters
    "learning_rate": "lr eta alpha step_size learning_rate_init",
    "iterations": "max_iter max_iters n_iter niter iters num_iters n_iterations steps num_steps max_steps updates",
    "epochs": "max_iter passes",
    "batch_size": "bs minibatch minibatch_size mini_batch_size",
    "l2": "lambda lambd lam alpha reg reg_lambda regularization l2_reg l2_lambda l2_penalty l2_regularization"
    " weight_decay",
    "l1": "l1_reg l1_lambda l1_penalty l1_regularization",
    "loss": "cost cost_function loss_function criterion objective",
    "optimizer": "solver optim algorithm momentum",
    "schedule": "scheduler lr_scheduler lr_schedule lr_decay learning_rate_decay decay decay_rate",
    "dropout": "drop_prob drop_rate",
    "keep_prob": "keep_probs keep_rate",
    "clip_norm": "clip gradient_clipping grad_clip clipnorm max_norm max_grad_norm",
    "clip_value": "clipvalue",
    "early_stopping": "patience n_iter_no_change",
    "metric": "monitor",
    "class_weights": "class_weight pos_weight",
    "log_every": "print_every log_interval verbose",
    "threads": "n_jobs num_threads workers num_workers",
    "seed": "random_state random_seed split_seed",
    "order": "sort sort_by order_by",
    "group": "groups group_by",
    "layer_dims": "layers layers_dims layer_sizes hidden hidden_layers hidden_layer_sizes hidden_units units neurons"
    " architecture sizes dims",
    "activations": "activation nonlinearity nonlinearities",
    "init": "initializer initialization weight_init weights_init kernel_initializer",
    "source": "name dataset path file",
    "validation": "validation_split validation_fraction validation_data val val_split dev",
    "test": "test_size test_split test_fraction",
    "scale": "normalize normalization standardize scaling rescale std stddev sigma gain",
    "m": "n_samples samples num_samples",
    "beta": "momentum mu",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "epsilon": "eps",
    "slope": "alpha negative_slope",
    "gradient_descent": "sgd gd bgd batch_gd",
    "nesterov": "nag",
    "mean_squared_error": "mse mseloss l2_loss squared_error",
    "mean_absolute_error": "mae l1loss l1_loss absolute_error",
    "binary_cross_entropy": "bce bceloss bcewithlogitsloss binary_crossentropy logistic ce crossentropy cross_entropy"
    " crossentropyloss log_loss logloss",
    "categorical_cross_entropy": "cce categorical_crossentropy sparse_categorical_crossentropy nll ce crossentropy"
    " cross_entropy crossentropyloss log_loss logloss",
    "xavier": "glorot glorot_normal glorot_uniform xavier_normal xavier_uniform",
    "he": "he_normal he_uniform kaiming kaiming_normal kaiming_uniform msra",
    "lecun": "lecun_normal lecun_uniform",
    "random": "normal gaussian randn random_normal uniform random_uniform",
    "linear": "identity none",
    "sigmoid": "logistic",
}
_NOTES = {  # words that stand for something else, or for more than one thing -> what there is to know
    "alpha": "the course's alpha is the first, scikit-learn's the second",
    "max_iter": "the first counts updates, the second passes over the data, as scikit-learn does",
    "ce crossentropy cross_entropy crossentropyloss log_loss logloss": "the first for a sigmoid output, the second for"
    " softmax",
    "weight_decay": "or, apart from the gradients, optimizer: {name: adamw, weight_decay: 0.01}",
    "momentum": "write optimizer: {name: momentum, beta: 0.9}; it averages the gradients, so that a learning rate of"
    " PyTorch or Keras becomes 1 / (1 - beta) times as large",
    "patience n_iter_no_change": "write early_stopping: {patience: 10}",
    "lr_decay learning_rate_decay decay decay_rate": "such as schedule: {name: exponential, rate: 0.96}",
    "keep_rate keep_probs": "it is 1 - dropout",
    "hidden hidden_layers hidden_layer_sizes hidden_units units neurons": "it has all layers, also the input and the"
    " output, such as [2, 10, 1]",
    "activation nonlinearity": "one for each layer after the input, such as [relu, sigmoid]",
    "glorot_uniform xavier_uniform he_uniform kaiming_uniform lecun_uniform uniform random_uniform": "it draws normal"
    " numbers",
}


def names(word: str) -> list[str]:
    """Return what a word of another tool is called here: one name or more, or none."""
    return [name for name, words in _WORDS.items() if _plain(word) in words.split()]


def meant(word: str, legal: Iterable[str]) -> list[str]:
    """Return those of the names that are legal."""
    return [name for name in names(word) if name in legal]


def note(word: str) -> str:
    """Return what there is to know of a word that does not stand for quite the same, or nothing."""
    return next((f" ({told})" for words, told in _NOTES.items() if _plain(word) in words.split()), "")


def _plain(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")
