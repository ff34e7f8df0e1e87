#!/usr/bin/env python
"""Run Django's commands in the reference project."""

import gc
import os
import sys


def main() -> None:
    gc.set_threshold(50_000)  # what is imported stays; to look for garbage in it takes a tenth of the start
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
