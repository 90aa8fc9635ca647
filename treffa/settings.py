"""Settings, read from the environment (`.env.example` lists every variable). No `.env` is needed outside production."""

from importlib.util import find_spec
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from treffa.environment import LOGINS, Environment

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = Environment(env_file=BASE_DIR / ".env")

# What kind of process this is
PRODUCTION = ENV.production
DEBUG = False
DATABASE_ROLE = ENV.one_of("DATABASE_ROLE", tuple(LOGINS))
OPERATORS = (
    DATABASE_ROLE == "operator"
)  # their process shares no key, session or count of tries with the product
ROOT_URLCONF = ENV.one_of("ROOT_URLCONF", ("treffa.urls", "treffa.urls_operator"))
SECRET_KEY = (
    ENV.secret("OPERATOR_SECRET_KEY", "development-only-operators-key-that-production-refuses")
    if OPERATORS
    else ENV.secret("SECRET_KEY", "development-only-secret-key-that-production-refuses")
)
ALLOWED_HOSTS = ENV.words("ALLOWED_HOSTS", ["*"] if not PRODUCTION else [])
PUBLIC_URL = ENV.address("PUBLIC_URL", "http://127.0.0.1:8000")
OPERATOR_URL = ENV.address("OPERATOR_URL", "http://127.0.0.1:8001")
SANDBOX_URL = ENV.optional_address("SANDBOX_URL")

# Database and broker: four logins, of which a process knows its own alone, see practices/roles.py
DATABASES: dict[str, dict[str, object]] = {"default": ENV.database(DATABASE_ROLE)}
if ENV.flag("DATABASE_POOL", default=False):
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 8, "timeout": 10}}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = ENV.redis("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "practices_operatorcache",
    }
    if OPERATORS
    else {
        "BACKEND": "treffa.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "treffa",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}

INSTALLED_APPS = [
    "practices",
    "appointments",
    "prerequisites",
    "messaging",
    "escalation",
    "treffa",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_htmx",
    "template_partials",
    "anymail",
]
if not PRODUCTION and find_spec("django_migration_linter"):  # `make demo` installs no tool of development
    INSTALLED_APPS.append("django_migration_linter")

MIDDLEWARE = [
    "treffa.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "practices.middleware.PracticeScopeMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["treffa.templatetags.treffa"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# Sign-in
AUTH_USER_MODEL = "practices.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "treffa.accounts.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Per address that connects and per address typed in (known or not: the answer is the same). A whole practice comes from
# one address, so these are wide; wrong passwords are counted per account by axes, in Postgres.
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "login_failed": "",
    "reset_password": "20/h/ip,3/h/key",
    "reset_password_from_key": "20/m/ip",
}
ALLAUTH_TRUSTED_PROXY_COUNT = ENV.few("TRUSTED_PROXY_COUNT")
AXES_CLIENT_IP_CALLABLE = "treffa.accounts.client_address"
AXES_HANDLER = f"axes.handlers.{'cache.AxesCacheHandler' if OPERATORS else 'database.AxesDatabaseHandler'}"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_USERNAME_CALLABLE = "treffa.accounts.address_signing_in"

# Web security
SESSION_ENGINE = "practices.operator_sessions" if OPERATORS else "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "treffa_operator" if OPERATORS else "treffa_staff"
CSRF_COOKIE_NAME = "treffa_operator_form" if OPERATORS else "treffa_staff_form"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL, OPERATOR_URL]
CSRF_FAILURE_VIEW = "treffa.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20

# Languages and time: UTC inside, the practice's zone for people, the operators' own for them
LANGUAGE_CODE = "de"
LANGUAGES = [("de", _("German")), ("fr", _("French")), ("it", _("Italian")), ("en", _("English"))]
# What the patient's page speaks besides: its own texts are in these, a plan's in the languages that the practice wrote.
PATIENT_LANGUAGES = [*dict(LANGUAGES), "tr", "ar", "fa", "uk", "pl", "es"]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["treffa.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = ENV.zone("OPERATOR_TIME_ZONE", "Europe/Berlin") if OPERATORS else "UTC"
CLOCK_FILE = ENV.text("CLOCK_FILE", "")

# Static files
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "treffa.assets.BootstrapFinder",
]
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "treffa.assets.HashedStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# The work
TICK_SECONDS = ENV.positive("TICK_SECONDS", 60)
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "retry_on_timeout": True,
    # a nudge is not worth waiting for: with the broker away, say so at once and leave it to the tick
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Celery's own way closes the connection after every task; treffa/celery.py renews it where it is broken.
CELERY_DB_REUSE_MAX = 100_000
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "treffa.tick", "schedule": TICK_SECONDS, "options": {"expires": 60}},
    "audit": {"task": "treffa.audit", "schedule": 5 * TICK_SECONDS, "options": {"expires": 240}},
}
HEARTBEAT_URL = ENV.optional_address("HEARTBEAT_URL")
CELERY_TIMEZONE = "UTC"

# Keys (docs/decisions.md: envelope encryption)
MASTER_KEYS = ENV.keys("MASTER_KEYS", "ZGV2ZWxvcG1lbnQtb25seS1tYXN0ZXIta2V5LTMyYiE")
LINK_KEY = ENV.secret("LINK_KEY", "development-only-link-key-that-production-refuses")

# Channels
TWILIO_ACCOUNT_SID = ENV.text("TWILIO_ACCOUNT_SID", "")
TWILIO_AUTH_TOKEN = ENV.text("TWILIO_AUTH_TOKEN", "")
TWILIO_BASE_URL = ENV.optional_address("TWILIO_BASE_URL")
EMAIL_CONFIG = ENV.email("EMAIL_URL", "smtp://127.0.0.1:2525")
ANYMAIL_ESP, ANYMAIL = ENV.anymail()
EMAIL_BACKEND = (
    f"anymail.backends.{ANYMAIL_ESP}.EmailBackend"
    if ANYMAIL_ESP
    else str(EMAIL_CONFIG.get("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend"))
)
EMAIL_HOST = EMAIL_CONFIG.get("EMAIL_HOST", "")
EMAIL_PORT = EMAIL_CONFIG.get("EMAIL_PORT", 25)
EMAIL_HOST_USER = EMAIL_CONFIG.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = EMAIL_CONFIG.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_CONFIG.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.mailbox("DEFAULT_FROM_EMAIL", "nachricht@treffa.example")
# Whom provider alarms are mailed to; empty: the log only.
OPERATOR_EMAIL = ENV.text("OPERATOR_EMAIL", "")

# Documents and feeds
CLAMD_ADDRESS = ENV.endpoint("CLAMD_ADDRESS")
DOCUMENT_ROOT = ENV.folder("DOCUMENT_ROOT", BASE_DIR / "var" / "documents")
FEED_ALLOWED_ADDRESSES = ENV.endpoints("FEED_ALLOWED_ADDRESSES")
FEED_REQUESTS_PER_MINUTE = ENV.positive("FEED_REQUESTS_PER_MINUTE", 1200)
if PRODUCTION and FEED_ALLOWED_ADDRESSES:
    ENV.problems.append("FEED_ALLOWED_ADDRESSES is set: production reads feeds from public addresses only")
if PRODUCTION and (not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS):
    ENV.problems.append("ALLOWED_HOSTS is not set: production needs its host names")
if PRODUCTION and (CLOCK_FILE or SANDBOX_URL):
    ENV.problems.append(
        "CLOCK_FILE or SANDBOX_URL is set: production knows real time and the real world only"
    )

METRICS_TOKEN = ENV.text("METRICS_TOKEN", "")
LOG_FORMAT = ENV.one_of("LOG_FORMAT", ("line", "json"))
LOG_LEVEL = ENV.one_of("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "treffa.logs.LineFormatter"},
        "json": {"()": "treffa.logs.json_formatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "axes": {"level": "WARNING"},
        "fontTools": {"level": "ERROR"},
        "urllib3": {"level": "INFO"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
SILENCED_SYSTEM_CHECKS = ["axes.W006"]

ENV.check()
