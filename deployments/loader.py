"""Makes a deployment's engines, beside those that speak."""

from __future__ import annotations

from deployments.config import EngineArgs
from deployments.engines import check_files, make_engine
from tts_core.background import await_apart
from tts_core.engine.protocol import AsyncEngine


class EngineLoader:
    """See `residents.Loader`.

    Args:
        args: of the deployment.
    """

    def __init__(self, args: EngineArgs) -> None:
        self._args = args

    async def check(self, model: str) -> None:
        """Read a model's own files as loading does, and keep nothing of them.

        Raises:
            MissingWeights, InvalidCheckpoint: which file, what was expected and what was found.
        """
        await await_apart(lambda: check_files(self._args, model), f"check {model}", gives_way=True)

    async def load(self, model: str, *, gives_way: bool) -> AsyncEngine:
        """Load a model and start its engine.

        Args:
            gives_way: whether others speak meanwhile, and come first.

        Raises:
            SetupError: what is missing, and what to run to get it.
        """
        engine = await await_apart(
            lambda: make_engine(self._args, model, gives_way=gives_way), f"load {model}", gives_way=gives_way
        )
        await engine.start()
        return engine
