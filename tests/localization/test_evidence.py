"""Evidence of units: worked out by hand, and adding up to the scores."""

import numpy as np
import pytest
import torch
from localizing_networks import Colours, Network, loaded, noise
from torch import nn

from unitscope.errors import UnitscopeError
from unitscope.localization import MeanSums, class_evidence, class_maps, evidence_table, find_head


def colours(*values):
    """Images of one colour each."""
    return torch.tensor(values, dtype=torch.float32)[:, :, None, None].expand(-1, -1, 16, 16)


def sums_of(network, head, batches, labels):
    sums = MeanSums.empty(head.classes, head.linear.weights.shape[1] if head.linear else 5)
    for batch, some in zip(batches, labels, strict=True):
        sums.add(class_maps(network, head, batch, [0]).means, np.array(some))
    return sums


def test_evidence_of_colours():
    """Red adds 1, blue -.5 to class 0; green 2 to class 1; the units' means are those of the class's items."""
    network = loaded(Colours())
    head = find_head(network, noise())
    batch = colours((1, 0, 0), (0.5, 1, 0.2), (0.25, 0.75, 1))
    sums = sums_of(network, head, [batch], [[0, 0, 1]])
    np.testing.assert_allclose(class_evidence(head, sums), [[0.75, 0], [0, 1.5], [-0.05, 0]], atol=1e-6)
    table = evidence_table(head, sums)
    assert table["unit"].tolist() == ["colour:0", "colour:1", "colour:2"]
    assert table["evidence_class"].tolist() == [0, 1, 1]
    np.testing.assert_allclose(table["evidence"], [0.75, 1.5, 0], atol=1e-6)
    np.testing.assert_allclose(table["evidence_share"], [0.75 / 0.7, 1, 0], atol=1e-6)


def test_signs_are_kept_and_nothing_is_made_up():
    network = loaded(Colours())
    head = find_head(network, noise())
    table = evidence_table(head, sums_of(network, head, [colours((0, 0, 1))], [[0]]))
    assert table["evidence_class"].tolist() == [-1, -1, 0]
    assert table["evidence"].fillna(9).tolist() == [9, 9, -0.5]
    assert table["evidence_share"].isna().all()  # all units together speak against the class
    assert np.isnan(class_evidence(head, sums_of(network, head, [colours((0, 0, 1))], [[0]]))[:, 1]).all()


def random_network():
    network = loaded(Network(lambda net, f: net.linear(torch.relu(f).mean((2, 3))), linear=lambda: nn.Linear(5, 4)))
    return network, find_head(network, noise())


def test_evidence_adds_up_to_the_mean_score():
    network, head = random_network()
    batch, labels = noise(12, seed=2), np.arange(12) % 4
    scores = class_maps(network, head, batch, [0]).scores
    evidence = class_evidence(head, sums_of(network, head, [batch], [labels]))
    expected = [scores[labels == each, each].mean() for each in range(4)] - head.linear.bias.numpy()
    np.testing.assert_allclose(evidence.sum(0), expected, atol=1e-6)


def test_batches_do_not_matter():
    network, head = random_network()
    batch, labels = noise(9, seed=2), np.array([3, 3, 0, 1, 1, 1, 0, 3, 1])
    whole = sums_of(network, head, [batch], [labels])
    parts = sums_of(network, head, batch.split([2, 4, 3]), np.split(labels, [2, 6]))
    np.testing.assert_allclose(whole.means, parts.means, rtol=1e-6)
    assert whole.items.tolist() == parts.items.tolist() == [2, 4, 0, 3]
    assert (evidence_table(head, whole)["evidence_class"] != 2).all()


def test_networks_without_evidence():
    network, _ = random_network()
    head = find_head(network, noise(), "conv")
    sums = sums_of(network, head, [noise()], [[0, 1]])
    with pytest.raises(UnitscopeError, match="not sums over the units of conv"):
        evidence_table(head, sums)
    with pytest.raises(UnitscopeError, match="no class has items"):
        evidence_table(random_network()[1], MeanSums.empty(4, 5))
