"""The network: one sequence of tokens, and any number of questions about its characters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tts_core.frontend.g2pw.files import damaged

_INPUTS = {"input_ids", "token_type_ids", "attention_mask", "phoneme_mask", "char_ids", "position_ids"}
_ERRORS_ONLY = 3


class Session:
    """A loaded network; it may be run by several threads at once, each on its own core.

    Args:
        path: the ONNX file.

    Raises:
        InvalidCheckpoint: it can't be loaded, or takes other inputs than G2PW.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._session = onnxruntime.InferenceSession(path, _options(), providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's errors have no root of their own
            raise damaged(path, "an ONNX network", error) from error
        inputs = {one.name for one in self._session.get_inputs()}
        if inputs != _INPUTS:
            raise damaged(path, f"the inputs {', '.join(sorted(_INPUTS))}", ", ".join(sorted(inputs)))

    def scores(
        self,
        tokens: Sequence[int],
        positions: Sequence[int],
        char_ids: Sequence[int],
        label_masks: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Return (questions, labels): how likely each label is.

        The sequence is given once, however many questions there are: the network takes the hidden state of
        each question's position, and numbers its rows so that a single sequence serves all questions.

        Args:
            tokens: of one sequence.
            positions: index of each question's character in it.
            char_ids: which character that is.
            label_masks: (questions, labels), 1 for the readings that it has.
        """
        sequence = np.array([tokens], np.int64)
        found = self._session.run(
            None,
            {
                "input_ids": sequence,
                "token_type_ids": np.zeros_like(sequence),
                "attention_mask": np.ones_like(sequence),
                "phoneme_mask": label_masks,
                "char_ids": np.array(char_ids, np.int64),
                "position_ids": np.array(positions, np.int64),
            },
        )
        return cast("NDArray[np.float32]", found[0])


def _options() -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    # Patterns are kept for each length of a clause that was ever met.
    options.enable_mem_pattern = False
    options.log_severity_level = _ERRORS_ONLY
    return options
