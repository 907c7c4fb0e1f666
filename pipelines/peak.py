"""How much memory this process has held at most."""

from __future__ import annotations

import re
import resource
from pathlib import Path


def peak_mib() -> int:
    """Peak resident memory of this program in MiB.

    Where the system tells it (Linux, `VmHWM`): `getrusage` starts from the memory of whoever started the program.
    """
    status = Path("/proc/self/status")
    found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE) if status.exists() else None
    return int(found[1]) // 1024 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
