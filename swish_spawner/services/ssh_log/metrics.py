"""What Prometheus reads of the ssh log; names of people are in no label."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class LogMetrics:
    """The metrics of one log.

    Args:
        registry: where they are.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.entries = Counter("swish_ssh_log_entries_total", "Entries that were written", registry=registry)
        self.newest = Gauge(
            "swish_ssh_log_newest_entry", "The number of the newest entry, since this start", registry=registry
        )
        self.late = Gauge("swish_ssh_log_late", "1 while the log cannot be written", registry=registry)
        self.followed = Gauge("swish_ssh_log_containers", "Containers whose output is read now", registry=registry)
        self.broken = Counter(
            "swish_ssh_log_interruptions_total",
            "Times that a container's output could not be read on for a while",
            ["reason"],
            registry=registry,
        )
        self.refused = Counter(
            "swish_ssh_log_refused_lines_total",
            "Lines that claim to be of swish-sshd and are not as that writes them",
            ["reason"],
            registry=registry,
        )
        self.unreadable = Counter(
            "swish_ssh_log_unreadable_total",
            "Log-ins of which it could not be read how, and lines that could not be read, where nobody but sshd writes",
            registry=registry,
        )
        self.missing = Counter(
            "swish_ssh_log_gaps_total", "Entries that say that lines before them are missing", registry=registry
        )
        self.activity = Counter(
            "swish_ssh_activity_reports_total", "Uses by ssh that the hub was told of", ["outcome"], registry=registry
        )
