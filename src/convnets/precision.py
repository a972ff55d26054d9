"""The precision in which a network is trained: bfloat16 where the hardware supports it."""

import re
from pathlib import Path
from typing import Literal

CPU_FLAGS = Path("/proc/cpuinfo")
BFLOAT16_FLAG = re.compile(r"\b(amx_bf16|avx512_bf16)\b")
BFLOAT16_CAPABILITY = (8, 0)  # of NVIDIA's GPUs: Ampere and later

Policy = Literal["float32", "mixed_bfloat16"]


def choose_policy(precision: str) -> Policy:
    """The dtype policy for a precision on this machine.

    Args:
        precision: `auto`, `float32` or `mixed_bfloat16`, as in `parameters.yml`.

    Returns:
        Keras's name of the policy. With `mixed_bfloat16` weights stay in float32, and layers compute in bfloat16.
    """
    if precision == "float32" or (precision == "auto" and not bfloat16_hardware()):
        return "float32"
    return "mixed_bfloat16"


def bfloat16_hardware() -> str | None:
    """The hardware that supports bfloat16: the GPUs' name or the processor's instructions; `None` if there is none.

    Processors are recognized on Linux only; on other systems none counts as supporting it.
    """
    import tensorflow as tf

    gpus = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    if gpus:
        able = all(gpu.get("compute_capability", (0, 0)) >= BFLOAT16_CAPABILITY for gpu in gpus)
        return str(gpus[0].get("device_name", "GPU")) if able else None
    flags = BFLOAT16_FLAG.search(CPU_FLAGS.read_text()) if CPU_FLAGS.exists() else None
    return flags[0] if flags else None
