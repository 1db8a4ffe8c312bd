"""Packed sequences: counted as the padded batch that they stand for, as long as its longest sequence."""

from __future__ import annotations

from typing import Any, Optional

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence

from introspect import explain


class Tagger(nn.Module):
    """Embeds words, reads them both ways without the padding, tags each."""

    def __init__(self, batch_first: bool, lengths: Optional[list[int]] = None) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 8)
        self.lstm = nn.LSTM(8, 16, batch_first=batch_first, bidirectional=True)
        self.head = nn.Linear(32, 5)
        self.lengths, self.first = lengths, batch_first

    def forward(self, words: torch.Tensor, lengths: Any = None) -> torch.Tensor:
        known = self.lengths if lengths is None else lengths.cpu()
        packed = pack_padded_sequence(self.embed(words), known, batch_first=self.first, enforce_sorted=False)
        read, _ = self.lstm(packed)
        padded, _ = pad_packed_sequence(read, batch_first=self.first)
        return self.head(padded)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("longest", [7, 4])
def test_lengths_that_an_example_gives(batch_first: bool, longest: int) -> None:
    words = torch.zeros((2, 7) if batch_first else (7, 2), dtype=torch.long)
    lengths = torch.tensor([3, longest])
    model = Tagger(batch_first, [3, longest])
    e = explain(model, words)
    assert not e.mismatches
    assert not e.opaque
    (output,) = (e.model.values[i].shape for i in e.model.outputs)
    assert output == tuple(model(words, lengths).shape)
    assert e["lstm"].output_shape == ((2, longest, 32) if batch_first else (longest, 2, 32))
    assert e.status == "verified"


def test_lengths_that_nobody_knows_are_those_of_the_padded_batch() -> None:
    e = explain(Tagger(True), ((2, 7), (2,)))
    assert e.params == 400 + 3_328 + 165
    assert e["lstm"].neurons == 7 * 32
    assert e.status == "incomplete"
    assert not e.mismatches


def test_a_packed_sequence_as_the_input() -> None:
    packed = pack_sequence([torch.zeros(4, 8), torch.zeros(2, 8)])
    for layer in (nn.LSTM(8, 16), nn.GRU(8, 16, 2, batch_first=True), nn.RNN(8, 16, bidirectional=True)):
        e = explain(layer, packed)
        assert e.status == "verified"
        assert not e.opaque
        assert e.params == sum(p.numel() for p in layer.parameters())
        assert e.model.inputs
