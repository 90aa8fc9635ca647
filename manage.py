#!/usr/bin/env python
"""Django's command line. Commands that change the schema run with the owner's database role."""

import os
import sys

from django.core.management import execute_from_command_line

OWNER_COMMANDS = {"migrate", "sqlmigrate", "showmigrations"}
OPERATOR_COMMANDS = {"createsuperuser", "seed_operator"}


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "treffa.settings")
    if command in OWNER_COMMANDS:
        os.environ["DATABASE_ROLE"] = "owner"
    elif command in OPERATOR_COMMANDS:
        os.environ["DATABASE_ROLE"] = "operator"
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
