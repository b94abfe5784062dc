"""What was freed is no longer resident."""

from pathlib import Path

from serving.model_server.free_memory import return_free_memory

BLOCK, BLOCKS, PAGE = 64 * 1024, 1000, 4096


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def test_freed_blocks_are_given_back():
    # Below the size at which glibc takes memory straight from the system, and with a last one that keeps the heap long.
    blocks = [bytearray(b"x" * BLOCK) for _ in range(BLOCKS)]
    last = bytearray(b"x" * BLOCK)
    full = resident_bytes()
    del blocks
    return_free_memory()
    assert full - resident_bytes() > BLOCK * BLOCKS // 2
    assert len(last) == BLOCK
