"""What `tracking.yml` may say."""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from convnets.harness.fields import Address, Block, Folder, Text, several
from convnets.harness.messages import SettingError
from convnets.harness.validation import Faults

MAX_METRIC_CHARS = 60
MAX_CHARTS = 8  # a tag of MLflow holds 5,000 characters, and these fewer


class Chart(Block):
    """A chart of the view that the MLflow UI opens: of a metric's last values, or of all of them."""

    type: Annotated[Literal["bar", "line"], Field(description="bar or line")]
    metric: Annotated[
        str,
        Field(
            pattern=rf"^[\w./ -]{{1,{MAX_METRIC_CHARS}}}$",
            description=f"the name of a metric, of 1 to {MAX_METRIC_CHARS} letters, digits and any of . / _ -",
        ),
    ]


class Tracking(Block):
    """What `tracking.yml` says: where runs are recorded, and how they are shown."""

    uri: Address
    artifacts: Folder
    experiment: Text
    charts: Annotated[tuple[Chart, ...], several(0, MAX_CHARTS, "charts, each with type and metric")] = ()
    model: Annotated[
        str | None,
        Field(
            pattern=r"^[\w.-]{0,60}\{namespace\}[\w.-]{0,60}$",
            description="null, or a name of letters, digits, ., _ and - with {namespace} in it",
        ),
    ] = None


def check_tracking_settings(settings: dict[str, Any]) -> Tracking:
    """Check what `tracking.yml` says.

    Raises:
        SettingError: A setting is unknown, missing or of the wrong type. The message names it and what is allowed.
    """
    try:
        return Tracking.model_validate(settings)
    except ValidationError as error:
        sentences = [f"tracking.yml: {sentence}" for sentence in Faults(Tracking, "setting", {}).of(error)]
        raise SettingError("\n".join(sentences)) from error
