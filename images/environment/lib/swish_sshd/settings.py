"""What one listener is told: the files of its start folder, read and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Final

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_MODES: Final = ("environment", "gateway")


class SettingsError(Exception):
    """A file of the start folder is missing or makes no sense; the text says which, and the rule."""


@dataclass(frozen=True)
class Settings:
    """What settings.json says.

    Args:
        mode: `environment`, or `gateway` for the one that only passes connections on.
        environment: The environment's name; it and the next two are written into every event.
        team: The team's name.
        user: The person's exact name in the hub.
        port: Where to listen.
        allow: Networks that people may come from.
        gateways: Networks that the gateway's pods are in: they may come too, and no limit counts per address there.
        remote_forwarding: Whether a port here may lead to the person's machine (`ssh -R`).
        password: Whether a password lets in, where the account has one.
    """

    mode: str = "environment"
    environment: str = ""
    team: str = ""
    user: str = ""
    port: int = 2222
    allow: tuple[Network, ...] = ()
    gateways: tuple[Network, ...] = ()
    remote_forwarding: bool = False
    password: bool = False

    @property
    def gateway(self) -> bool:
        """Whether this is the gateway."""
        return self.mode == "gateway"

    def allows(self, address: Address) -> bool:
        """Whether somebody may come from an address."""
        return holds(self.allow, address) or holds(self.gateways, address)


def holds(networks: tuple[Network, ...], address: Address) -> bool:
    """Whether one of the networks holds an address; one of another version never does."""
    return any(address.version == network.version and address in network for network in networks)


def plain_address(text: str) -> Address:
    """Read an address as sockets give it; an IPv4 address that came in over IPv6 is an IPv4 address.

    Raises:
        ValueError: It is not an address.
    """
    address = ip_address(text.partition("%")[0])
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def read_settings(start: Path) -> Settings:
    """Read settings.json of a start folder.

    Raises:
        SettingsError: The file is missing, is not JSON, or a field breaks its rule.
    """
    path = start / "settings.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: {_words(error)}") from error
    return parse_settings(document)


def parse_settings(document: Any) -> Settings:
    """Check what settings.json says.

    Raises:
        SettingsError: A field breaks its rule; the text names the field and the rule.
    """
    if not isinstance(document, Mapping):
        raise SettingsError("settings.json has to be one JSON object.")
    mode = document.get("mode", "environment")
    if mode not in _MODES:
        raise SettingsError(f"settings.json: mode has to be one of {', '.join(_MODES)}.")
    return Settings(
        mode=mode,
        environment=_text(document, "environment"),
        team=_text(document, "team"),
        user=_text(document, "user"),
        port=_port(document.get("port", Settings.port)),
        allow=_networks(document, "allow_cidrs"),
        gateways=_networks(document, "gateway_cidrs"),
        remote_forwarding=_flag(document, "remote_forwarding"),
        password=_flag(document, "password"),
    )


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name, "")
    if not isinstance(value, str):
        raise SettingsError(f"settings.json: {name} has to be text.")
    return value


def _flag(document: Mapping[str, Any], name: str) -> bool:
    value = document.get(name, False)
    if not isinstance(value, bool):
        raise SettingsError(f"settings.json: {name} has to be true or false.")
    return value


def _port(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65535:
        raise SettingsError("settings.json: port has to be a whole number from 1 to 65535.")
    return value


def _networks(document: Mapping[str, Any], name: str) -> tuple[Network, ...]:
    value = document.get(name) or []
    if not isinstance(value, list):
        raise SettingsError(f"settings.json: {name} has to be a list.")
    try:
        return tuple(ip_network(entry, strict=False) for entry in value)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"settings.json: {name} has to name networks, as in 10.0.0.0/8: {error}") from error


def _words(error: Exception) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "not JSON"
