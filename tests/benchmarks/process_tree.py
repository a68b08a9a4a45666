"""What a program and all the processes that it started take of the machine, from Linux's /proc."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Memory:
    """Megabytes of one process, or of several together."""

    resident: float
    """All that is in memory (VmRSS); what processes share is counted once for each."""
    proportional: float
    """What processes share is divided among them (Pss)."""

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.resident + other.resident, self.proportional + other.proportional)


def tree(root: int) -> list[int]:
    """The IDs of a process and of all its descendants."""
    children = defaultdict(list)
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children[int(fields[1])].append(int(entry.name))
    found = [root]
    for pid in found:
        found += children[pid]
    return found


def memory(pid: int) -> Memory:
    """What one process has in memory."""
    return Memory(
        _megabytes(PROC / str(pid) / "status", "VmRSS:"),
        _megabytes(PROC / str(pid) / "smaps_rollup", "Pss:"),
    )


def cpu_seconds(root: int) -> float:
    """CPU time that a process and its descendants have used, those that ended included."""
    ticks = 0
    for pid in tree(root):
        fields = _stat(pid)
        # utime and stime of the process, cutime and cstime of its children that ended.
        ticks += sum(int(each) for each in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> Sequence[str]:
    """Fields 3 and following of /proc/PID/stat (proc(5)); none where the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return ()


def _megabytes(path: Path, name: str) -> float:
    for line in path.read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"the kernel tells no {name.rstrip(':')}")
