"""Run as a script: one model spread over two processes in each of PyTorch's ways, explained in both; prints JSON lines."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

from introspect import explain

WORLD = 2
HAS_MESHES = find_spec("torch.distributed.device_mesh") is not None


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.BatchNorm1d(32), nn.Linear(32, 4))


def replicated(mesh: Any) -> nn.Module:
    return nn.parallel.DistributedDataParallel(network())


def sharded(mesh: Any) -> nn.Module:
    from torch.distributed.fsdp import fully_shard

    model = network()
    for part in (model[0], model[3]):
        fully_shard(part, mesh=mesh)
    return fully_shard(model, mesh=mesh)


def split_by_tensor(mesh: Any) -> nn.Module:
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    model = network()
    model[2] = nn.Identity()  # a normalisation would need statistics of the local half
    return parallelize_module(model, mesh, {"0": ColwiseParallel(), "3": RowwiseParallel()})


def in_flat_pieces(mesh: Any) -> nn.Module:
    from torch.distributed.fsdp import FullyShardedDataParallel

    return FullyShardedDataParallel(network(), use_orig_params=True, device_id=torch.device("cpu"))


def mesh() -> Any:
    """Both processes in a row; None on a PyTorch that has no meshes."""
    if not HAS_MESHES:
        return None
    from torch.distributed.device_mesh import init_device_mesh

    return init_device_mesh("cpu", (WORLD,))


def _held(tensor: Any) -> int:
    return int(tensor.to_local().numel() if hasattr(tensor, "to_local") else tensor.numel())


def work(rank: int, meeting: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=WORLD)
    for way in (replicated, sharded, split_by_tensor, in_flat_pieces) if HAS_MESHES else (replicated,):
        model = way(mesh())
        local = sum(_held(p) for p in model.parameters())
        e = explain(model, (2, 16))
        after = model(torch.zeros(2, 16))
        said = {
            "way": way.__name__, "rank": rank, "params": int(e.params), "status": e.status, "runs": list(after.shape),
            "local": local, "mismatches": [row.verdicts for row in e.mismatches],
        }  # fmt: skip
        sys.stdout.write(f"{json.dumps(said)}\n")  # at once: `print` lets the other process in before the line ends
        sys.stdout.flush()
    dist.destroy_process_group()


if __name__ == "__main__":
    mp.spawn(work, (sys.argv[1],), nprocs=WORLD)
