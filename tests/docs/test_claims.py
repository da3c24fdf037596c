"""Each claim of a page has a test, and each test that says so shows a claim of a page."""

import pytest

from docs.claims import Claim, ClaimError, claims_of, claims_page, gathered, problems, shown_by

CLAIMS, SHOWN = gathered()
HELD = '@pytest.mark.claim("held")\ndef test_it():\n    ...\n'


def test_every_claim_has_a_test_and_every_test_its_claim() -> None:
    """A claim whose test is gone is taken back, or shown by another test."""
    assert problems(CLAIMS, SHOWN) == []


def test_every_page_claims_something() -> None:
    """Marks in another form would be none."""
    assert {claim.page for claim in CLAIMS} >= {"README.md", "docs/topics/sweeper.md", "docs/topics/faults.md"}
    assert len(CLAIMS) > 100


@pytest.mark.parametrize(
    ("markdown", "sentence"),
    [
        ("It holds. <!-- claim: held -->", "It holds."),
        ("One thing. Another\nholds. <!-- claim: held --> More.", "Another holds."),
        ("First. <!-- claim: first --> second holds. <!-- claim: held -->", "second holds."),
        ("Why, e.g. as here. **It\nholds.** <!-- claim: held -->", "**It holds.**"),
        ("Before.\n\nIt [holds](x.md#y): <!-- claim: held -->", "It holds:"),
        ("- One.\n- **Two**: it holds. <!-- claim: held -->", "**Two**: it holds."),
        ("1. One.\n2. It\n   holds. <!-- claim: held -->", "It holds."),
        ("| what | so |\n| --- | --- |\n| a \\| b | c | holds <!-- claim: held --> | d |", "a \\| b: holds"),
        ("| it holds <!-- claim: held --> | why |", "it holds"),
        ("| a <!-- claim: first --> | holds <!-- claim: held --> |", "a: holds"),
    ],
)
def test_a_claim_is_the_sentence_before_its_mark(markdown: str, sentence: str) -> None:
    """Of its paragraph, list item or table row alone."""
    assert claims_of(markdown, "a.md")[-1] == Claim("held", sentence, "a.md")


@pytest.mark.parametrize(
    "markdown",
    [
        "<!-- claim: held -->",
        "It holds.\n<!-- claim: held -->",
        "It holds.\n\n<!-- claim: held -->",
        "- <!-- claim: held -->",
        "| a | <!-- claim: held --> |",
        "It holds. <!-- claim: first --> <!-- claim: held -->",
        "It holds. <!-- claim: two words -->",
        "It holds. <!-- claim held -->",
        "It holds. <!--claim: held-->",
    ],
)
def test_a_mark_that_says_nothing_is_an_error(markdown: str) -> None:
    """It names the page."""
    with pytest.raises(ClaimError, match=r"a\.md: "):
        claims_of(markdown, "a.md")


def test_a_test_shows_what_its_mark_names() -> None:
    """One or several, of a class too, and whatever else decorates it."""
    source = (
        f'{HELD}class TestMore:\n    @pytest.mark.claim("held", "kept")\n'
        '    @pytest.mark.parametrize("a", [1])\n    async def test_more(self, a): ...\n'
    )
    assert shown_by(source, "t.py") == {"held": ["t.py::test_it", "t.py::test_more"], "kept": ["t.py::test_more"]}


@pytest.mark.parametrize(
    "source",
    [
        HELD.replace("test_it", "helper"),
        HELD.replace('"held"', "HELD"),
        HELD.replace('"held"', ""),
        HELD.replace('"held"', 'slug="held"'),
        HELD.replace('("held")', ""),
        'pytestmark = pytest.mark.claim("held")',
    ],
)
def test_a_mark_that_shows_nothing_is_an_error(source: str) -> None:
    """It names the module."""
    with pytest.raises(ClaimError, match=r"t\.py"):
        shown_by(source, "t.py")


def test_what_is_wrong_is_named() -> None:
    """A claim whose test is gone, a test whose claim is gone, and a name of two claims."""
    claims = [Claim("held", "It holds.", "a.md"), Claim("gone", "It held.", "a.md"), Claim("held", "So.", "b.md")]
    assert problems(claims, {"held": ["t.py::test_it"], "old": ["t.py::test_old"]}) == [
        "held is claimed 2 times",
        "a.md: no test shows gone",
        "t.py::test_old shows old, which no page claims",
    ]


def test_the_page_has_a_row_for_each() -> None:
    """With a link to its page; what would end a cell does not."""
    page = claims_page(
        [Claim("held", "It | holds.", "docs/topics/a.md"), Claim("b", "a \\| b", "README.md")],
        {"held": ["tests/core/t.py::test_it", "tests/core/t.py::test_more"]},
    )
    assert "| It \\| holds. | [a](../topics/a.md) | `core/t.py::test_it`<br>`core/t.py::test_more` |\n" in page
    assert page.endswith("| a \\| b | [README](../../README.md) |  |\n")
