"""Many processes train one model: started by torchrun, connected, in step, and able to go on."""

from course.distributed.checkpoints import find_step, load_step, save_step
from course.distributed.torchrun import launch
from course.distributed.world import (
    World,
    add_up,
    all_gather,
    backward,
    choose,
    joined,
    part_of,
    pieces_of,
    replicate,
    together,
)

__all__ = [
    "World",
    "add_up",
    "backward",
    "choose",
    "find_step",
    "all_gather",
    "joined",
    "launch",
    "load_step",
    "part_of",
    "pieces_of",
    "replicate",
    "save_step",
    "together",
]
