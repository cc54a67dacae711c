from docs.generate import MARKER, MODELS, fresh_pages
from docs.pages import pages


def test_every_generated_part_and_every_shown_output_is_fresh():
    assert [path for path, old, new in fresh_pages() if old != new] == []


def test_the_options_of_every_part_are_documented():
    text = "".join(page.read_text() for page in pages())

    assert set(MODELS) == {match["what"].removeprefix("options: ") for match in MARKER.finditer(text)} & set(MODELS)


def test_every_option_says_what_it_is_for():
    silent = [
        f"{name}.{key}" for name, model in MODELS.items() for key, field in model.model_fields.items()
        if not field.description
    ]  # fmt: skip

    assert silent == []
