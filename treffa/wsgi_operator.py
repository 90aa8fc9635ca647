"""The operators' process: the Django admin alone, on the operator's database role, on an address of its own."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DATABASE_ROLE"] = "operator"
os.environ["ROOT_URLCONF"] = "treffa.urls_operator"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "treffa.settings")

application = get_wsgi_application()
