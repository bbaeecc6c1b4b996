"""Characters of several readings by their context: G2PW, a BERT that chooses among a character's readings.

The model is not part of this package; see `polyvox weights pull g2pw`. Where a process has adopted one,
its readings go before pypinyin's for single characters, and phrases of the dictionary go before its own.
Nothing here imports onnxruntime unless there is a model to run.

files       what a model's folder holds, found and checked
tables      characters, readings and tokens, parsed from it
session     the network, run by ONNX Runtime
reader      a clause's readings
process     which model this process reads with, if any

Chen, Chang, Chang and Yeh: g2pW: A Conditional Weighted Softmax BERT for Polyphone Disambiguation in
Mandarin (2022), https://arxiv.org/abs/2203.10430. Model and tables are under the Apache License 2.0.
"""

from __future__ import annotations

from tts_core.frontend.g2pw.process import adopt_model, read_in_context

__all__ = ["adopt_model", "read_in_context"]
