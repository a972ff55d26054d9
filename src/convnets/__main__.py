"""Run the project as `python -m convnets`, with the options of `kedro run`."""

from pathlib import Path

from kedro.framework.project import configure_project

from convnets.cli import run


def main() -> None:
    """Run the pipelines of the project in the working directory."""
    configure_project(Path(__file__).parent.name)
    run()


if __name__ == "__main__":
    main()
