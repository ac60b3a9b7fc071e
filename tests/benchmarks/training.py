"""How fast a recipe trains here: ``python -m tests.benchmarks.training [RECIPE [THREADS]]``.

By the clock, and by this process's own time on the processor, which other work changes little. In float32 and in
bfloat16, and as a baseline in float32 with Keras's own batch normalisation.
"""

import statistics
import sys
import time

import numpy as np

from trainer.framework import free_cores, load_keras, use_quick_kernels, use_threads
from trainer.recipe import Recipe, load_recipe

EPOCH_FACES = 28_709  # FER-2013's Training rows
ROUNDS = 5
STEPS = 12
BASELINE = "Keras alone"
VARIANTS = {BASELINE: ("float32", False), "float32": ("float32", True), "bfloat16": ("mixed_bfloat16", True)}
"""Name to the policy, and whether normalisation is fused."""


def _learner(recipe: Recipe, policy: str, *, fused: bool):
    keras = load_keras()
    from trainer.learner import build_learner
    from trainer.networks import build_network
    from trainer.normalisation import with_fused_normalisation

    keras.mixed_precision.set_global_policy(policy)
    network = build_network(recipe.network, recipe.input.spec, 7)
    network = with_fused_normalisation(network) if fused else network
    learner = build_learner(network, recipe, (48, 48), seed=1, steps=1000, epochs=recipe.epochs)
    keras.mixed_precision.set_global_policy("float32")
    return learner


def main() -> int:
    recipe = load_recipe(sys.argv[1] if len(sys.argv) > 1 else "edge")
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else free_cores()
    use_threads(threads)
    use_quick_kernels()
    random = np.random.default_rng(1)
    count = recipe.batch_size * STEPS
    faces = random.integers(0, 256, (count, 48, 48, 1), dtype=np.uint8)
    targets = np.eye(7, dtype=np.float32)[random.integers(0, 7, count)]
    learners = {name: _learner(recipe, policy, fused=fused) for name, (policy, fused) in VARIANTS.items()}
    seconds: dict[str, list[float]] = {name: [] for name in learners}
    cpu_seconds: dict[str, list[float]] = {name: [] for name in learners}
    for round_number in range(ROUNDS + 1):  # the first compiles
        for name, learner in learners.items():
            began, cpu_began = time.perf_counter(), time.process_time()
            learner.fit(faces, targets, batch_size=recipe.batch_size, verbose=0)
            if round_number:
                seconds[name].append(time.perf_counter() - began)
                cpu_seconds[name].append(time.process_time() - cpu_began)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    print(
        f"{recipe.name}, batches of {recipe.batch_size}, {threads} threads, median of {ROUNDS} interleaved rounds of "
        f"{count} faces"
    )
    for name, median in medians.items():
        print(
            f"{name:<11} {count / median:7.1f} faces/s {EPOCH_FACES * median / count:7.1f} s per epoch of {EPOCH_FACES}"
            f"   {median / medians[BASELINE]:.2f} of the baseline's time"
            f" {count / statistics.median(cpu_seconds[name]):7.1f} faces/CPU second"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
