"""Whether a segment's tokens are what its text takes to say. Tokens and phones in, verdicts out; no tensors.

T2S now and then ends at once, goes round in circles, or never ends. `Expectation` says how long a text may
take, `Repetition` hears tokens that come again and again, and `Takes` decides: what is wrong is said once
more, with other noise, or cut. Every decision is a function of the request alone, so that whoever makes it,
wherever and beside whomever, makes the same one.
"""

from tts_core.models.gpt_sovits.guards.expectation import Expectation
from tts_core.models.gpt_sovits.guards.repetition import Repetition
from tts_core.models.gpt_sovits.guards.reporting import counts_of, report
from tts_core.models.gpt_sovits.guards.takes import MAX_RETRIES, Flaw, Takes, Verdict

__all__ = ["MAX_RETRIES", "Expectation", "Flaw", "Repetition", "Takes", "Verdict", "counts_of", "report"]
