"""How Chinese characters of several readings are read beside a version's weights: by G2PW, where it is."""

from __future__ import annotations

from tts_core.frontend.g2pw import adopt_model
from tts_core.models.gpt_sovits.weights import WeightsPaths, pull_command
from tts_core.models.gpt_sovits.weights.table import G2PW, TOKENIZER_NAME


def adopt_readings(paths: WeightsPaths) -> str | None:
    """Have this process read Chinese with the G2PW in a weights folder, or note that there is none.

    At start-up, so that the first listener waits for it no longer than the hundredth.

    Returns:
        A hash of the model: with other readings, the same text has other phones.

    Raises:
        MissingWeights, InvalidCheckpoint: the folder is incomplete or damaged; the message says what to run.
        MissingDependency: the model is there, but not what runs it.
        InvalidConfig: this process reads with another G2PW, or none, for weights of another folder.
    """
    if paths.g2pw is None:
        return None
    command = pull_command(paths.g2pw.parent, G2PW)
    return adopt_model(paths.g2pw, paths.bert / TOKENIZER_NAME, f"Run: {command}")
