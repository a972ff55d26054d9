"""Run the project as `python -m convnets`, with the options of `kedro run`: also where only its wheel is installed."""

import logging
import os
from pathlib import Path

PACKAGE = Path(__file__).parent.name


def main() -> None:
    """Run the pipelines with the configuration and the data in the working directory."""
    if "KEDRO_LOGGING_CONFIG" not in os.environ and not Path("conf", "logging.yml").is_file():
        logging.disable(logging.INFO)  # of which Kedro's own configuration would show each line
    from kedro.framework.project import configure_project  # noqa: PLC0415 - it begins to log

    configure_project(PACKAGE)
    from convnets.cli import run  # noqa: PLC0415 - likewise

    run(prog_name=f"python -m {PACKAGE}")


if __name__ == "__main__":
    main()
