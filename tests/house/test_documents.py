"""What the documents say is so."""

import re

import yaml

from app.settings import Settings
from tests.house import matrix
from tests.house.sources import ROOT, name, tracked

# Told by the supervisor to its children, or by the sandbox in demo and tests: not for people.
PRIVATE = {"embedded_url", "embedded_owner_url", "embedded_admin_url", "listen_fd"} | {
    field for field in Settings.model_fields if field.startswith("sandbox_")
}
COMPOSE_ONLY = {"POSTGRES_PASSWORD", "OWNER_PASSWORD", "APP_PASSWORD"}
# Compose sets these itself, or they stay with the one service that needs them
NOT_HANDED_ON = {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"}


def test_the_readme_commands_are_those_that_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text()
    commands = [
        line for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) for line in block.splitlines() if line
    ]
    assert commands
    ran = (ROOT / ".ci" / "run").read_text().replace("tests SHAPE", "make test SHAPE")
    # `make run` is what the demo runs, without the sandbox; the end-to-end tests start it.
    missing = [command for command in commands if command not in ran and command != "make run"]
    assert missing == []
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [command for command in commands if command.split()[1] not in targets] == []


def test_the_example_lists_every_setting_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    public = {field.upper() for field in Settings.model_fields if field not in PRIVATE}
    assert set(example) == public | COMPOSE_ONLY
    unlike = []
    for field, info in Settings.model_fields.items():
        value = example.get(field.upper(), "")
        if value and str(info.default).lower() != value.lower():
            unlike.append(f"{field}: {value} instead of {info.default}")
    assert unlike == []


def test_compose_hands_every_setting_on() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    public = {field.upper() for field in Settings.model_fields if field not in PRIVATE}
    for service in ("web", "worker"):
        assert set(compose["services"][service]["environment"]) == public - NOT_HANDED_ON
    assert set(compose["services"]["init"]["environment"]) == public


def test_the_page_of_sources_is_what_the_adapters_say() -> None:
    """`make sources` writes it."""
    assert matrix.PAGE.read_text() == matrix.page()


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path in tracked():
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)#\s]+)\)", path.read_text()):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{name(path)}: {target}")
    assert broken == []


def test_make_and_ci_name_files_that_exist() -> None:
    modules = re.findall(r"python -m ([a-z_.]+)", (ROOT / "Makefile").read_text())
    ours = [module for module in modules if module.startswith(("app.", "bench", "sandbox"))]
    assert ours
    paths = [ROOT / module.replace(".", "/") for module in ours]
    assert [str(path) for path in paths if not path.with_suffix(".py").exists() and not path.is_dir()] == []
