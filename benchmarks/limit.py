"""Yardstick L: what the machine could do, if it did nothing but multiply matrices.

`python benchmarks/limit.py` prints one line of JSON: operations per second, by precision.
"""

import json
import sys
import time

import tensorflow as tf

SIZE = 4096
REPEATS = 7


def operations_per_second(dtype: str) -> float:
    """The best of several products of two square matrices; a product of size n is 2 n^3 operations."""
    left, right = (tf.cast(tf.random.normal((SIZE, SIZE), seed=seed), dtype) for seed in (1, 2))
    product = tf.function(tf.linalg.matmul)
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        product(left, right)[0, 0].numpy()
        seconds.append(time.perf_counter() - started)
    return 2 * SIZE**3 / min(seconds)


if __name__ == "__main__":
    rates = {precision: operations_per_second(precision) for precision in ("float32", "bfloat16")}
    sys.stdout.write(json.dumps(rates) + "\n")
