"""The routes, given all that their own description allows and more: never a 500."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.service import Service
from deployments.http.voices.desk import VoiceDesk
from tests.unit.http.fakes import FakeSource
from tests.unit.http.voices.support import VOICES, NearDecoder
from tts_core.voices import VoiceStore


def test_schemathesis_finds_no_500(tmp_path: Path) -> None:
    args = IngressArgs()
    decoder: Any = NearDecoder()
    desk = VoiceDesk(VoiceStore(tmp_path), ("formant",), args.voices, takes_changes=True, decoder=decoder)
    app = create_app(Service(args, FakeSource(), transport_holds_back=True), desk)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app).include(path_regex=VOICES)
    operations: list[Any] = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(operations) == 5
    for operation in operations:
        never_500(operation)


def never_500(operation: Any) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(operation.as_strategy())
    def call(case: Any) -> None:
        answer = case.call()
        assert answer.status_code < 500, answer.text

    call()
