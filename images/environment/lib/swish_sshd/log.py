"""What sshd says, line by line, as facts. What is not recognised here is not told to anybody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_FROM: Final = r"from \S+ port \d+"

#: Name of the fact, and the line that says it. The name that somebody tries to log in as is in none of them: people
#: type passwords there.
_LINES: Final = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("version", r"Remote protocol version "),
        (
            "accepted",
            (
                rf"Accepted (?P<method>\S+) for \S+ {_FROM} ssh2(?:: (?P<type>\S+) (?P<fingerprint>SHA256:\S+)"
                r"(?: ID (?P<certificate>.*) \(serial (?P<serial>\d+)\) CA (?P<ca_type>\S+) (?P<ca>SHA256:\S+))?)?$"
            ),
        ),
        (
            "failed",
            rf"Failed (?P<method>\S+) for .*{_FROM} ssh2(?:: (?P<type>\S+) (?P<fingerprint>SHA256:\S+))?",
        ),
        ("user", r"Invalid user |User .* not allowed because "),
        ("certificate", r"(?:error: )?(?:Certificate (?:invalid|does not|is )|cert: )"),
        ("key-too-short", r"(?:refusing|Refusing) RSA key|.*[Ii]nvalid key length"),
        ("child", r"User child is on pid (?P<pid>\d+)"),
        (
            "session",
            (
                rf"Starting session: (?P<kind>shell|command|subsystem '(?P<name>[^']*)'|forced-command(?= ))(?: \(.*)?"
                rf"(?: on (?P<tty>pts/\d+))? for \S+ {_FROM} id (?P<id>\d+)$"
            ),
        ),
        ("session-end", rf"Close session: user \S+ {_FROM} id (?P<id>\d+)"),
        ("exit", r"session_exit_message: session (?P<id>\d+) channel \d+ pid \d+ exit (?P<status>\d+)"),
        ("tunnel-refused", rf"Received request {_FROM} to connect to host (?P<host>.+) port (?P<port>\d+), but"),
        ("tunnel-refused", rf"Received request (?:{_FROM} )?to connect to path (?P<host>.+), but"),
        ("tunnel-failed", r"(?:error: )?connect_to (?P<host>.+) port (?:-2|(?P<port>\d+)): failed"),
        ("tunnel-failed", r"(?:error: )?connect_to (?P<host>\S+): unknown host"),
        ("tunnel-opened", r"channel \d+: connected to (?P<host>.+) port (?:-2|(?P<port>\d+))"),
        ("tunnel-target", r"server_request_direct_tcpip: originator .*, target (?P<host>\S+) port (?P<port>\d+)"),
        ("tunnel-path", r"server_request_direct_streamlocal: originator .*, target (?P<host>.+)$"),
        ("remote", r"server_input_global_request: tcpip-forward listen (?P<host>\S*) port (?P<port>\d+)"),
        ("remote-opened", r"Local forwarding listening on (?P<host>\S+) port (?P<port>\d+)"),
        ("remote-failed", r"(?:error: )?channel_setup_fwd_listener_tcpip: cannot listen"),
        ("keep-alive", r"server_input_global_request: rtype keepalive@|Got \d+/\d+ for keepalive"),
        ("rekey", r"SSH2_MSG_KEXINIT received"),
        ("late", r"(?:fatal: )?Timeout before authentication"),
        ("silent", r"Timeout, client not responding"),
        ("protocol", r"(?:fatal: )?Unable to negotiate|banner exchange: |ssh_dispatch_run_fatal|.*Protocol major"),
        ("left", r"Received disconnect "),
    )
)  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """Something that a line says.

    Args:
        name: What.
        fields: The particulars that the line has, as text.
    """

    name: str
    fields: Mapping[str, str] = field(default_factory=dict)


def read_line(line: str) -> Fact | None:
    """Return what a line of sshd says; None for what is of no interest.

    It is one line whatever is in it: what clients say may have ends of lines.
    """
    text = re.sub(r"[\r\n]+", " ", line.strip()).removesuffix(" [preauth]")
    text = re.sub(r"^debug\d: ", "", text)
    for name, pattern in _LINES:
        if found := pattern.match(text):
            return Fact(name, {key: value for key, value in found.groupdict().items() if value is not None})
    return None
