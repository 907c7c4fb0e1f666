"""The only package that imports duckdb: migrate, load, read, write, publish."""

from pipelines.store.connection import Store, StoreBusyError, StoreError
from pipelines.store.published import Published, publish

__all__ = ["Published", "Store", "StoreBusyError", "StoreError", "publish"]
