"""Plays many seeds in a process of its own, on a database of its own."""

import os
import time
from importlib import import_module

import django
from django.db import connections

from tests.routing import OneDatabase

TELL = 250
"""After so many seeds a process says how far it is."""


def tables(using):
    """A database of this process, with the tables that a world needs."""
    django.setup()
    OneDatabase.alias = using
    connection = connections[using]
    if using != "default":
        name = f"simulated_{os.getpid()}"
        connection.settings_dict["TEST"]["NAME"] = name
        connection.creation._create_test_db(verbosity=0, autoclobber=True)
        connection.close()
        connection.settings_dict["NAME"] = name
        connection.settings_dict["OPTIONS"] = {"options": "-c synchronous_commit=off"}
    with connection.schema_editor() as editor:
        for model in reversed(import_module("tests.simulation.world").MODELS):
            editor.create_model(model)
    return connection


def play(seeds, using, verbose=False):
    """(runs, seconds of the processor, what failed) of some seeds."""
    connection = tables(using)
    world = import_module("tests.simulation.world")
    runs, failed, began = 0, [], time.process_time()
    with world.Stage(using) as stage:
        for number, seed in enumerate(seeds, 1):
            try:
                runs += stage.play(seed, verbose=verbose)
            except world.Violation as error:
                failed.append((seed, str(error)))
                print(f"seed {seed}: {error}", flush=True)
            if number % TELL == 0:
                rate = runs / (time.process_time() - began)
                print(
                    f"{number:,} of {len(seeds):,} seeds: {runs:,} runs, {rate:.0f} in a second", flush=True
                )
    seconds = time.process_time() - began
    if using != "default":
        connection.close()
        connection.creation._destroy_test_db(connection.settings_dict["NAME"], verbosity=0)
    return runs, seconds, failed
