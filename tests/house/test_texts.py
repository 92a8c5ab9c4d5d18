"""Templates compile, and what they and the code say is said in every language."""

from jinja2 import TemplateError

from app.web import translations
from app.web.render import TEMPLATES, Renderer


def test_every_template_compiles() -> None:
    environment = Renderer({}).env
    names = [str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")]
    assert names
    broken = []
    for template in names:
        try:
            environment.get_template(template)
        except TemplateError as error:
            broken.append(f"{template}: {error}")
    assert broken == []


def test_every_message_is_translated() -> None:
    assert translations.problems() == []


def test_the_extraction_sees_messages_of_code_and_of_templates() -> None:
    files = {file for message in translations.extracted() for file, _line in message.locations}
    assert any(file.endswith(".html") for file in files)
    assert any(file.startswith("app/domain/") for file in files)
