"""What these tests speak themselves is right, so that a failure below is the installation's."""

from pathlib import Path

import pytest

from tests.e2e.api import KINDS
from tests.e2e.html import form_with
from tests.e2e.install import Install
from tests.e2e.kernel import pack, unpack
from tests.e2e.stages import ORDER


def test_message_survives_the_wire():
    """A packed message is unpacked to the same channel and the same parts."""
    message = {"header": {"msg_id": "1"}, "parent_header": {}, "metadata": {}, "content": {"code": "print('ä')"}}
    assert unpack(pack("shell", message)) == ("shell", message)


def test_form_is_filled_as_a_browser_fills_it():
    """Hidden fields, checked radios and a select's first option are sent; what is not checked is not."""
    page = """<form action="/go?x=1"><input type="hidden" name="_xsrf" value="t"><input type="submit" name="s">
      <input type="radio" name="size" value="a"><input type="radio" name="size" value="b" checked>
      <input type="checkbox" name="ssh" value="on"><select name="team"><option value="p">P<option value="q">Q</select>
      <input name="cpu"></form>"""
    form = form_with(page, "size")
    assert form.action == "/go?x=1"
    assert form.filled({"cpu": "2"}) == {"_xsrf": "t", "size": "b", "team": "p", "cpu": "2"}
    assert form.choices["size"] == ["a", "b"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_the_cluster_s(install: Install, kind: str):
    """By kubectl's own name of it, for one object or many."""
    assert install.get(kind)["kind"] == install.get(f"{kind}s")["kind"] == f"{KINDS[kind][1]}List"


def test_what_is_not_there_is_none(install: Install):
    """And to ask for it as if it were is an error that says so."""
    assert install.find("secret", "e2e-none") is None
    with pytest.raises(AssertionError, match=r"e2e-none.*not found"):
        install.get("secret", "e2e-none")


def test_every_module_has_its_stage():
    """None is left out, and none runs twice."""
    assert sorted(ORDER) == sorted(path.stem for path in Path(__file__).parent.glob("test_*.py"))
