"""Prepares a real PostgreSQL server: `DATABASE_SUPERUSER_URL=postgres://... manage.py create_roles`."""

import os

import psycopg
from django.core.management.base import BaseCommand, CommandError

from practices.roles import RolesError, create_roles


class Command(BaseCommand):
    help = "Makes (or mends) the database and its logins; reads DATABASE_SUPERUSER_URL and the four DATABASE_*URL."
    requires_system_checks = []

    def handle(self, *args: object, **options: object) -> None:
        superuser_url = os.environ.get("DATABASE_SUPERUSER_URL", "")
        if not superuser_url:
            raise CommandError("DATABASE_SUPERUSER_URL is not set")
        try:
            create_roles(superuser_url=superuser_url, environment=os.environ, say=self.stdout.write)
        except (RolesError, psycopg.Error) as error:
            raise CommandError(str(error).strip().splitlines()[0]) from error
