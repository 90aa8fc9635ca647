"""The web process: staff and patients, on the app's database role, over a pool of connections."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "treffa.settings")
os.environ.setdefault("DATABASE_POOL", "true")

application = get_wsgi_application()
