"""SIGKILL of what holds the listeners' sockets. Nothing can go on for them; it must not look like an end."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.chaos.crowd import Events
from benchmarks.chaos.fleet import fleet
from benchmarks.chaos.scenario import Options, Outcome, attend, settle, took, until

_SHORT = 15
"""Sentences, a minute of them: of more than a minute and a half, the rest comes at the pace of playing where
nothing else holds a writer back, and six of them alone would take as long."""


def haproxy(options: Options) -> Sequence[Outcome]:
    """Kill HAProxy."""
    return [_kill("haproxy", "haproxy", options, is_haproxy=True)]


def serve_proxy(options: Options) -> Sequence[Outcome]:
    """Kill Serve's own proxy, where it serves without HAProxy."""
    return [_kill("serve-proxy", "ProxyActor", options, is_haproxy=False)]


def _kill(name: str, title: str, options: Options, *, is_haproxy: bool) -> Outcome:
    length = {} if is_haproxy else {"sentences": _SHORT}
    with fleet(options.model, 2, haproxy=is_haproxy, **length) as running:

        async def kill(events: Events) -> None:
            victims = [one for one in running.server.processes(title) if _is_proxy(one.cmdline(), title)]
            events.mark()
            for victim in victims:
                victim.kill()
            events.notes.append(took("new requests are answered", await until(running.server.is_ready, 90)))
            await settle(events, 10)

        did = f"SIGKILL of {'HAProxy' if is_haproxy else 'the proxy of Serve'}"
        return attend(name, did, running, options, kill, is_past_proxies=False)


def _is_proxy(command: list[str], title: str) -> bool:
    """HAProxy's manager is an actor with the same word in its title."""
    return title == "ProxyActor" or command[0].endswith(title)
