"""The choice of precision: bfloat16 where the machine is built for it."""

from pathlib import Path

import pytest
import tensorflow as tf

from convnets import precision


def test_what_is_asked_for_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for hardware in (None, "avx512_bf16"):
        monkeypatch.setattr(precision, "bfloat16_hardware", lambda found=hardware: found)
        assert precision.choose_policy("float32") == "float32"
        assert precision.choose_policy("mixed_bfloat16") == "mixed_bfloat16"
        assert precision.choose_policy("auto") == ("mixed_bfloat16" if hardware else "float32")


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ("flags : fpu avx512f avx512_bf16 amx_tile\n", "avx512_bf16"),
        ("flags : fpu amx_bf16 avx512_bf16\n", "amx_bf16"),
        ("flags : fpu avx2 avx512f avx512_vnni\n", None),
        (None, None),
    ],
)
def test_the_processors_flags_decide(
    flags: str | None, found: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    if flags:
        cpuinfo.write_text(flags)
    monkeypatch.setattr(precision, "CPU_FLAGS", cpuinfo)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: [])
    assert precision.bfloat16_hardware() == found


@pytest.mark.parametrize(("capability", "found"), [((9, 0), "H100"), ((8, 0), "H100"), ((7, 5), None)])
def test_a_gpu_decides_where_there_is_one(
    capability: tuple[int, int], found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    details = {"device_name": "H100", "compute_capability": capability}
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: ["GPU:0"])
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _: details)
    assert precision.bfloat16_hardware() == found
