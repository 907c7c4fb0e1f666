"""The seeded generator of realistic source files with their truth; it knows nothing of the code it judges."""

from pipelines.synth.bench import generate_bench
from pipelines.synth.catalogue import CATALOGUE
from pipelines.synth.scenario import SynthResult, generate

__all__ = ["CATALOGUE", "SynthResult", "generate", "generate_bench"]
