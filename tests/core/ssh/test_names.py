"""Which environment a name in the cluster's network leads to."""

import pytest

from swish_spawner.core.ssh.names import environment_of, service_name


@pytest.mark.parametrize(
    ("host", "environment"),
    [
        ("env-ada--lab.swish-imaging.svc", "ada--lab"),
        ("env-ada--lab", "ada--lab"),
        ("ada--lab.dev.example.org", "ada--lab"),
        ("env-bob.dev.example.org", "env-bob"),
        ("env-env-bob", "env-bob"),
        ("ada--lab.swish-imaging.svc", "ada--lab"),
        ("", ""),
    ],
)
def test_a_name_leads_to_one_environment(host: str, environment: str) -> None:
    """Whoever is called so as to look like another; one from before Services were named so is known as well."""
    assert environment_of(host) == environment


@pytest.mark.parametrize("environment", ["ada", "ada--lab", "env-bob", "env--bob"])
def test_a_services_name_leads_back(environment: str) -> None:
    """To the environment that it is named after."""
    assert environment_of(service_name(environment)) == environment
