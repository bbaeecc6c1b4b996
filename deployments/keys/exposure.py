"""Whether a server is open to strangers by mistake."""

from __future__ import annotations

import ipaddress

from deployments.config import IngressArgs
from tts_core.errors import InvalidConfig


def check_exposure(host: str, args: IngressArgs) -> None:
    """Return if a server may listen on `host`.

    Raises:
        InvalidConfig: others than this machine's users could speak, with nobody asked who they are, and the
            configuration doesn't say that this is meant.
    """
    if args.keys is None and not args.open_to_all and not is_loopback(host):
        raise InvalidConfig(
            f"http_options.host {host} is reachable from elsewhere, and anyone there could use this server. "
            "State ingress.keys (`polyvox keys create` makes some), or ingress.open_to_all: true if that is "
            "meant or something in front asks who they are",
            param="ingress.keys",
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address. A name other than localhost could be anything."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
