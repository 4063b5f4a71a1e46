#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A DistributedDataParallel training job that can be stopped at any step and goes on as if it had not been.

    offpeak submit -N 2 -t 20m -- python3 pytorch_ddp.py
    torchrun --nproc_per_node 2 pytorch_ddp.py

It reads the environment that torchrun and Offpeak both set (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT) and trains
alone where there is none. What it owes Offpeak, marked (1) to (4) below:
  (1) take the stop signal from the first moment on, importing PyTorch takes a second;
  (2) let the ranks agree on the step after which they stop: the signal reaches them at different times;
  (3) save a checkpoint that is whole or absent, go on from it, and end at once when nothing is left to do;
  (4) append "done total" to $OFFPEAK_PROGRESS.
"""
import signal

stop_signals = []  # (1) those that came
for name in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
    signal.signal(name, lambda number, frame: stop_signals.append(number))

import argparse
import hashlib
import os
import pathlib
import time

import torch
import torch.distributed as dist
from torch import nn

CONTEXT = 16


class CharacterModel(nn.Module):
    """Guess the next character from the last CONTEXT of them."""

    def __init__(self, vocabulary, hidden):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 16)
        self.recurrent = nn.GRU(16, hidden, batch_first=True)
        self.output = nn.Linear(hidden, vocabulary)

    def forward(self, characters):
        states, _ = self.recurrent(self.embedding(characters))
        return self.output(states[:, -1])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    beside = pathlib.Path(__file__).resolve().parent
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=8, help="examples a step and rank")
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=pathlib.Path, default=beside / "trainer" / "text.txt")
    parser.add_argument("--checkpoint", type=pathlib.Path, default=os.environ.get("OFFPEAK_CHECKPOINT_DIR") or ".")
    parser.add_argument("--checkpoint-every", type=int, default=50, metavar="STEPS")
    parser.add_argument("--step-ms", type=int, default=0, help="a step takes at least so long")
    return parser.parse_args()


def read_text(path):
    text = path.read_text(encoding="utf-8")
    symbols = {character: index for index, character in enumerate(sorted(set(text)))}
    return torch.tensor([symbols[character] for character in text]), len(symbols)


def pick_batch(text, arguments, step):
    """Which examples: decided by seed, step and rank alone, so that a repeated step repeats its batch."""
    place = (arguments.seed * 1_000_003 + step) * dist.get_world_size() + dist.get_rank()
    starts = torch.randint(len(text) - CONTEXT, (arguments.batch,), generator=torch.Generator().manual_seed(place))
    return torch.stack([text[s : s + CONTEXT] for s in starts]), text[starts + CONTEXT]


def save(path, step, model, optimizer):
    """(3) Write, fsync, rename, fsync the folder: a crash leaves the old checkpoint or the new one."""
    with open(f"{path}.new", "wb") as file:
        torch.save({"step": step, "model": model.module.state_dict(), "optimizer": optimizer.state_dict()}, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(f"{path}.new", path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(folder)
    os.close(folder)


def load(path, model, optimizer):
    """(3) The step to go on after."""
    if not path.exists():
        return 0
    state = torch.load(path, map_location="cpu")
    model.module.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return state["step"]


def stop_agreed():
    """(2) True on every rank or on none."""
    asked = torch.tensor([len(stop_signals)])
    dist.all_reduce(asked, op=dist.ReduceOp.MAX)
    return asked.item() > 0


def tell_progress(done, total):
    """(4)"""
    if "OFFPEAK_PROGRESS" in os.environ and dist.get_rank() == 0:
        with open(os.environ["OFFPEAK_PROGRESS"], "a", encoding="ascii") as file:
            file.write(f"{done} {total}\n")


def train_step(text, arguments, step, model, optimizer):
    characters, truth = pick_batch(text, arguments, step)
    loss = nn.functional.cross_entropy(model(characters), truth)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def train(arguments):
    text, vocabulary = read_text(arguments.data)
    torch.manual_seed(arguments.seed)
    model = nn.parallel.DistributedDataParallel(CharacterModel(vocabulary, arguments.hidden))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    path = arguments.checkpoint / "ddp.ckpt"
    first = dist.get_rank() == 0
    step = load(path, model, optimizer)
    loss = stop = None
    tell_progress(step, arguments.steps)

    while step < arguments.steps and not stop:
        began = time.monotonic()
        loss = train_step(text, arguments, step, model, optimizer)
        step += 1
        time.sleep(max(0.0, began + arguments.step_ms / 1000 - time.monotonic()))
        stop = stop_agreed()
        if first and (stop or step == arguments.steps or step % arguments.checkpoint_every == 0):
            save(path, step, model, optimizer)
            print(f"step {step}/{arguments.steps}  loss {loss:.4f}", flush=True)
        tell_progress(step, arguments.steps)

    dist.barrier()  # nobody leaves before the checkpoint is on disk
    if first:
        weights = b"".join(tensor.numpy().tobytes() for tensor in model.module.state_dict().values())
        print(f"{'stopped' if stop and step < arguments.steps else 'done'} after step {step}")
        print(f"weights {hashlib.sha256(weights).hexdigest()}", flush=True)


def main():
    for name, value in dict(RANK="0", WORLD_SIZE="1", MASTER_ADDR="127.0.0.1", MASTER_PORT="29400").items():
        os.environ.setdefault(name, value)
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    train(parse_arguments())
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
