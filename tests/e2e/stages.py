"""In which order the modules run, and which of them beside each other, on one cluster with one hub.

Modules that run beside each other use servers of their own names, leave nodes, hub and policy alone, and take no more
of the node than half a core at a time, or a core for two environments.
"""

from dataclasses import dataclass

#: Names a folder in which several processes agree on the change of the policy, who each take part in one run.
PLACE = "SWISH_E2E_POLICY"
#: Names a file with what `status` said before the tests, which takes longer to ask than a small test to run.
STATUS = "SWISH_E2E_STATUS"


@dataclass(frozen=True)
class Stage:
    """Modules that may run beside each other.

    Attributes:
        modules: their names; those that take longest come first.
        workers: how many at once; 0 is one after the other, in this order.
    """

    modules: tuple[str, ...]
    workers: int = 2


#: With the policy as it is shipped; then with the one that the tests change it to (`changed_policy`); then those that
#: need the cluster for themselves, of which the last one ends it.
STAGES = (
    Stage(
        (
            "test_lab",
            "test_images",
            "test_imports",
            "test_launch",
            "test_policy",
            "test_faults",
            "test_form_browser",
            "test_browser",
            "test_large_files",
            "test_protocol",
        )
    ),
    # the first two of these wait most of the time
    Stage(
        ("test_slow_trouble", "test_monitoring", "test_ssh", "test_trouble", "test_changed_policy", "test_secrets"),
        workers=3,
    ),
    Stage(("test_crowd", "test_gpu", "test_hub_restart", "test_lifecycle"), workers=0),
)
ORDER = tuple(module for stage in STAGES for module in stage.modules)


def arguments(stage: Stage) -> list[str]:
    """Return pytest's arguments for a stage."""
    files = [f"tests/e2e/{module}.py" for module in stage.modules]
    return [*files, "--dist=loadfile", f"--numprocesses={stage.workers}"]
