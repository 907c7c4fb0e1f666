"""The nightly reconciliation: sources, matching, exceptions, proof."""

import os

# Frames here are read, looked at and dropped in parts that fit in memory. Polars would hand each to its engine for
# what does not, which takes several times as long to begin; who needs that one asks for it.
os.environ.setdefault("POLARS_ENGINE_AFFINITY", "in-memory")
