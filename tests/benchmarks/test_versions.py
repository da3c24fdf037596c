"""The section about a change says what the results say."""

from benchmarks.versions import section


def run(version: str, contender: str, cpu_ms: float, failed: int = 0) -> dict[str, object]:
    """Return what is kept of one run."""
    return {"version": version, "contender": contender, "cpu_ms": cpu_ms, "starts": 200, "failed": failed, "left": 0}


RESULTS = {
    "command": "python -m benchmarks.versions abc --repeats 2",
    "before": "abcdef0",
    "after": "1234567",
    "repeats": 2,
    "when": "2026-01-02",
    "processor": "Abacus",
    "cores": 2,
    "runs": [
        run("before", "swish", 20.0),
        run("before", "swish", 10.0),
        run("after", "swish", 15.3),
        run("after", "swish", 12.3),
        run("before", "stock", 16.0),
        run("after", "stock", 8.0, failed=3),
    ],
}


def test_each_version_has_its_median_and_its_range():
    """And what one is of the other."""
    text = section(RESULTS)
    assert "| ours | 15.0 (10.0 to 20.0) | 13.8 (12.3 to 15.3) | 0.92 |" in text
    assert "| stock | 16.0 (16.0 to 16.0) | 8.0 (8.0 to 8.0) | 0.50 |" in text


def test_what_failed_is_told():
    """Of all runs."""
    assert "1200 starts, 3 failed, 0 objects left." in " ".join(section(RESULTS).split())


def test_the_commits_and_the_command_are_named():
    """So that it can be done again."""
    text = section(RESULTS)
    assert "`abcdef0`" in text
    assert "`1234567`" in text
    assert "`python -m benchmarks.versions abc --repeats 2` did it on 2026-01-02: Abacus, 2 cores." in text
