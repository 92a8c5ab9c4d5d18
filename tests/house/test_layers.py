"""Who may import whom: the contracts of pyproject.toml hold."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.house.sources import ROOT


def test_contracts_hold() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == EXIT_STATUS_SUCCESS
