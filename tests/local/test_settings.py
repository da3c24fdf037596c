"""What people may set, and what they are told when it makes no sense."""

from pathlib import Path

import pytest

from local.errors import LocalError
from local.settings import read_local_settings

BAD = [
    ("a word for a port", {"PORT": "http"}, "PORT"),
    ("port zero", {"PORT": "0"}, "PORT"),
    ("a port beyond the last", {"PORT": "65536"}, "PORT"),
    ("a sign", {"PORT": "-1"}, "PORT"),
    ("values that are not there", {"VALUES": "/nowhere/values.yaml"}, "VALUES"),
    ("an unclear wish to delete", {"PURGE": "maybe"}, "PURGE"),
]


@pytest.mark.parametrize(("why", "environ", "name"), BAD, ids=[row[0] for row in BAD])
def test_bad_settings_are_named(why, environ, name):
    """A setting that makes no sense is refused in a sentence that names it."""
    with pytest.raises(LocalError, match=name):
        read_local_settings({"HOME": "/home/a", **environ})


def test_defaults():
    """Without settings: the user's cache, port 8000, no context, nothing is deleted."""
    found = read_local_settings({"HOME": "/home/a"})
    assert (found.cache, found.port, found.context) == (Path("/home/a/.cache/swish"), 8000, None)
    assert not found.purge


def test_empty_counts_as_unset():
    """`make up CONTEXT=` is `make up`."""
    found = read_local_settings({"HOME": "/home/a", "CONTEXT": "", "PORT": " ", "REGISTRY": ""})
    assert (found.context, found.port, found.registry) == (None, 8000, None)


def test_given(tmp_path):
    """Each variable reaches its setting."""
    values = tmp_path / "values.yaml"
    values.touch()
    environ = {
        "SWISH_CACHE": "/big/cache",
        "PORT": "9000",
        "CONTEXT": "c",
        "REGISTRY": "r.example.org/x/",
        "PURGE": "1",
    }
    found = read_local_settings({**environ, "VALUES": str(values), "KUBECONFIG": "/k"})
    assert (found.cache, found.port, found.context) == (Path("/big/cache"), 9000, "c")
    assert (found.registry, found.values, found.kubeconfig, found.purge) == ("r.example.org/x", (values,), "/k", True)
