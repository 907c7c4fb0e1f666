"""`recon inspect`: what files are and hold, and what is wrong with them; nothing is loaded."""

from pipelines.inspection.entries import inspect
from pipelines.inspection.table import print_tables
from pipelines.inspection.text import as_text

__all__ = ["as_text", "inspect", "print_tables"]
