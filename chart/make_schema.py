"""Writes values.schema.json, which Helm checks, from values.schema.yaml, which people read."""

import json
from pathlib import Path

import yaml

CHART = Path(__file__).parent


def schema_json() -> str:
    """Return the text of values.schema.json: the YAML schema as indented JSON, ending with a newline."""
    return json.dumps(yaml.safe_load((CHART / "values.schema.yaml").read_text()), indent=2) + "\n"


if __name__ == "__main__":
    (CHART / "values.schema.json").write_text(schema_json())
