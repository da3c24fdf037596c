"""A form on a page, filled in the way a browser does before anybody touches it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """One form: where it posts to, its ready-made fields, and what each radio button offers."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)

    def filled(self, choices: Mapping[str, str]) -> dict[str, str]:
        """Return all fields with these choices made; a field that the form does not have is an error."""
        unknown = set(choices) - set(self.fields) - set(self.choices)
        assert not unknown, f"the form has no field {', '.join(sorted(unknown))}"
        return {**self.fields, **choices}


class FormReader(HTMLParser):
    """Reads every form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a form, a field or an option."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(found.get("action", "")))
        elif self.forms and tag == "input" and found.get("name"):
            self._input(self.forms[-1], found)
        elif self.forms and tag == "select":
            self._select = found["name"]
        elif self._select and tag == "option":
            self._option(self.forms[-1], self._select, found)

    def handle_endtag(self, tag: str) -> None:
        """Leave a select."""
        if tag == "select":
            self._select = None

    @staticmethod
    def _input(form: Form, found: Mapping[str, str]) -> None:
        name, value, kind = found["name"], found.get("value", ""), found.get("type", "text")
        if kind in {"radio", "checkbox"}:
            form.choices.setdefault(name, []).append(value)
            if "checked" in found:
                form.fields[name] = value
        elif kind != "submit":
            form.fields[name] = value

    @staticmethod
    def _option(form: Form, name: str, found: Mapping[str, str]) -> None:
        value = found.get("value", "")
        form.choices.setdefault(name, []).append(value)
        if "selected" in found or name not in form.fields:
            form.fields[name] = value


def form_with(page: str, name: str) -> Form:
    """Return the page's form that has a field of this name."""
    reader = FormReader()
    reader.feed(page)
    found = [form for form in reader.forms if name in form.fields or name in form.choices]
    assert found, f"no form with a field {name!r} on this page:\n{page[:2000]}"
    return found[0]
