"""A word of another tool is understood: what it is called here is legal somewhere, and no name has a second meaning."""

from dataclasses import fields

import pytest

from nnctl import synonyms
from nnctl.data.sets import datasets
from nnctl.nn.activations import activations
from nnctl.nn.initializers import initializers
from nnctl.nn.losses import losses
from nnctl.nn.optimizers import optimizers
from nnctl.nn.schedules import schedules
from nnctl.registry import suggestion
from nnctl.spec.schema import option_defaults
from nnctl.spec.spec import DataSpec, EarlyStoppingSpec, ModelSpec, Spec, TrainSpec

REGISTRIES = (datasets, activations, initializers, losses, optimizers, schedules)
SECTIONS = [
    {item.name for item in fields(section)} for section in (Spec, DataSpec, ModelSpec, TrainSpec, EarlyStoppingSpec)
]
OPTIONS = [set(option_defaults(entry)) for registry in REGISTRIES for entry in registry.values()]
PLACES = [*SECTIONS, *OPTIONS, *map(set, REGISTRIES)]


@pytest.mark.parametrize("name", synonyms._WORDS)
def test_what_a_word_stands_for_is_legal_somewhere_and_the_word_is_not_legal_there(name):
    homes = [place for place in PLACES if name in place]
    assert homes
    for word in synonyms._WORDS[name].split():
        assert name in synonyms.names(word)
        assert not any(word in home for home in homes)


@pytest.mark.parametrize("words", synonyms._NOTES)
def test_every_note_is_of_a_word_that_is_understood(words):
    for word in words.split():
        assert synonyms.names(word)
        assert synonyms.note(word)


def test_case_and_hyphens_do_not_matter():
    assert synonyms.meant("Mini-Batch-Size", ["batch_size"]) == ["batch_size"]
    assert synonyms.meant("MSELoss", losses) == ["mean_squared_error"]


def test_only_what_is_legal_is_meant():
    assert synonyms.meant("alpha", ["l2", "learning_rate"]) == ["learning_rate", "l2"]
    assert synonyms.meant("alpha", ["slope"]) == ["slope"]
    assert synonyms.meant("alpha", ["beta"]) == []


def test_a_suggestion_tells_all_that_may_be_meant():
    assert suggestion("crossentropy", losses) == (
        '; did you mean "binary_cross_entropy" or "categorical_cross_entropy"? (the first for a sigmoid output, the'
        " second for softmax)"
    )
    assert suggestion("glorot", initializers) == '; did you mean "xavier"?'
