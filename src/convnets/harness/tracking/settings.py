"""What `tracking.yml` may say."""

from typing import Any

from pydantic import ValidationError

from convnets.harness.fields import Address, Block, Folder, Text
from convnets.harness.messages import SettingError
from convnets.harness.validation import Faults


class Tracking(Block):
    """What `tracking.yml` says: where runs are recorded."""

    uri: Address
    artifacts: Folder
    experiment: Text


def check_tracking_settings(settings: dict[str, Any]) -> None:
    """Check what `tracking.yml` says.

    Raises:
        SettingError: A setting is unknown, missing or of the wrong type. The message names it and what is allowed.
    """
    try:
        Tracking.model_validate(settings)
    except ValidationError as error:
        sentences = [f"tracking.yml: {sentence}" for sentence in Faults(Tracking, "setting", {}).of(error)]
        raise SettingError("\n".join(sentences)) from error
