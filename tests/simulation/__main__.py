"""`make simulate SEEDS=10000 [DB=postgres] [SEED=n]`: plays worlds, in two processes.

python -m tests.simulation --seeds 10000 --database postgres
python -m tests.simulation --seed 4711
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.simulation.player import play


def main():
    parser = argparse.ArgumentParser(prog="simulate")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    using = "default" if args.database == "sqlite" else args.database
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    if args.seed is not None:
        runs, _, failed = play([args.seed], using, verbose=True)
    else:
        seeds = range(args.first, args.first + args.seeds)
        parts = [seeds[job :: args.jobs] for job in range(args.jobs)]
        with ProcessPoolExecutor(args.jobs, get_context("spawn")) as pool:
            done = list(pool.map(play, parts, [using] * args.jobs))
        failed = sorted(each for _, _, some in done for each in some)
        runs = sum(runs for runs, _, _ in done)
        rate = sum(runs for runs, _, _ in done) / sum(seconds for _, seconds, _ in done)
        print(f"{args.seeds:,} seeds on {args.database}: {runs:,} runs, {rate:.0f} in a second of a core")
    for seed, what in failed[:40]:
        print(f"seed {seed}: {what}")
    print(f"{len(failed)} violations")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
