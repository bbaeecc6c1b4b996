"""GPT-SoVITS checkpoints: read, inspected and converted, without ever running what a file says.

`read_checkpoint` returns a file's tensors and config, `inspect_checkpoint` tells what it is from its table of
contents, `convert_checkpoint` writes safetensors, and `check_pair` says whether two files speak together.
`read_state_dict` reads the bare tables of tensors that models beside GPT-SoVITS come as.
Importing this package, and inspecting, needs no torch.
"""

from tts_core.models.gpt_sovits.checkpoint.convert import ConvertedPaths, convert_checkpoint
from tts_core.models.gpt_sovits.checkpoint.identity import Identity
from tts_core.models.gpt_sovits.checkpoint.official import read_state_dict
from tts_core.models.gpt_sovits.checkpoint.pair import check_pair, symbol_table
from tts_core.models.gpt_sovits.checkpoint.reading import (
    Checkpoint,
    CheckpointSummary,
    inspect_checkpoint,
    read_checkpoint,
)

__all__ = [
    "Checkpoint",
    "CheckpointSummary",
    "ConvertedPaths",
    "Identity",
    "check_pair",
    "convert_checkpoint",
    "inspect_checkpoint",
    "read_checkpoint",
    "read_state_dict",
    "symbol_table",
]
