"""Every setting of studyweb, read from the environment; docs/operations.md lists them all.

Two ways to run: on one machine for its own user (nothing set: loopback, SQLite, secrets made once and kept in
``DATA_DIR``), or for others (``PUBLIC_URL`` set: secrets must be given, cookies are secure, and what is missing
stops the start).
"""

from pathlib import Path
from urllib.parse import quote, urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from studyweb.environment import database, flag, one_of, text, whole_number
from studyweb.local_secrets import kept_secret

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = flag("DEBUG")
DATA_DIR = Path(text("STUDYWEB_DATA_DIR", str(BASE_DIR / "var"))).expanduser().absolute()
_caches = Path(text("XDG_CACHE_HOME", "~/.cache"))
CACHE_DIR = Path(text("STUDYWEB_CACHE_DIR", str(_caches / "studyweb"))).expanduser().absolute()
_instruments = text("STUDYWEB_INSTRUMENTS_DIR")
INSTRUMENTS_DIR = Path(_instruments).expanduser().absolute() if _instruments else None

# --- where people reach it ---
PUBLIC_URL = text("PUBLIC_URL").rstrip("/")
_public = urlsplit(PUBLIC_URL)
if PUBLIC_URL and (_public.scheme not in {"http", "https"} or not _public.hostname or _public.path):
    raise ImproperlyConfigured(
        f"PUBLIC_URL must be a whole address such as https://study.example.org, not {PUBLIC_URL!r}."
    )
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [_public.hostname, *LOCAL_HOSTS] if _public.hostname else LOCAL_HOSTS
IS_LOCAL = not PUBLIC_URL or _public.hostname in {"localhost", "127.0.0.1", "::1"}
BEHIND_TLS = _public.scheme == "https"
if PUBLIC_URL:
    CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    # The health check asks over the loopback interface, without TLS.
    SECURE_REDIRECT_EXEMPT = [r"^health/$"]


# --- secrets ---
def _secret(name: str) -> str:
    """The secret that the environment names, or, on a machine that serves only its own user, one kept in a file."""
    if given := text(name):
        return given
    if IS_LOCAL:
        return kept_secret(DATA_DIR / f"{name.lower().replace('_', '-')}.txt")
    raise ImproperlyConfigured(f"{name} must be set when PUBLIC_URL is: a long random text that is kept safe.")


SECRET_KEY = _secret("SECRET_KEY")
# Hashes and encrypts panel ids. It outlives a change of SECRET_KEY: losing it loses who is who.
IDENTITY_KEY = _secret("IDENTITY_KEY")

# --- applications ---
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "studyweb",
    "surveys",
    "generation",
    "analysis",
]
MIDDLEWARE = [
    # Pages of people who take part go no further down this list.
    "studyweb.middleware.TakingPart",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "studyweb.middleware.PolicyMiddleware",
    "studyweb.languages.InterfaceLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "studyweb.urls"
WSGI_APPLICATION = "studyweb.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What the other apps add to a study, by dotted name: surveys knows of neither (surveys/lifecycle.py calls them).
STUDY_TABS = ["generation.study.tab", "analysis.study.power_tab", "analysis.study.tab"]
ARTICLE_PANELS = ["generation.study.origin_panel", "generation.study.article_panel"]
DEBRIEFING_NOTES = ["generation.study.debriefing_notes"]
ARTICLE_GUARDS = ["generation.study.guard"]
PARTS_OF_PEOPLE = ["generation.authorship.part_of_people"]
BLINDED_BY = ["generation.rules.is_kept_blind"]
TEAM_CHANGED = ["generation.leaving.after_team_change"]
LAUNCH_GATES = ["analysis.study.plan_gates", "generation.placing.gates", "generation.parity.gates.gates"]
CELL_RULE = "analysis.formulas.neutralised"

# --- database ---
DATABASES = {
    "default": database("DATABASE_URL")
    or {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATA_DIR / "studyweb.sqlite3")}
}
# Each thread keeps its connection: to fetch one from a pool, or to open a file anew, costs a page as much as a query.
# One that broke is found out by the first query and made anew (surveys/participant/patience.py).
DATABASES["default"]["CONN_MAX_AGE"] = None
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Tests that use several threads need a file: in memory, SQLite shares one cache, and locks in it differently.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }

# --- broker and workers ---
# Without REDIS_URL, `manage.py up` runs an embedded Valkey that listens on this socket. kombu decodes the path.
BROKER_SOCKET = DATA_DIR / "valkey.sock"
REDIS_URL = text("REDIS_URL")
if REDIS_URL and urlsplit(REDIS_URL).scheme not in {"redis", "rediss", "redis+socket"}:
    raise ImproperlyConfigured("REDIS_URL must begin with redis://, rediss:// or redis+socket:// (a path).")
CELERY_BROKER_URL = REDIS_URL or f"redis+socket://{quote(str(BROKER_SOCKET))}"
CELERY_TASK_DEFAULT_QUEUE = "fast"
CELERY_TASK_ROUTES = {"generation.tasks.download_next": {"queue": "fast"}, "generation.*": {"queue": "generation"}}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 6 * 3600, "socket_timeout": 10}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.2,
}
CELERY_TIMEZONE = "UTC"
# What each worker calls at its start and every 15 seconds, to publish again what nobody is working on.
SWEEPS = [
    "generation.queue.sweep",
    "generation.downloads.sweep",
    "generation.scores.sweep",
    "analysis.reports.sweep",
    "analysis.exports.sweep",
    "analysis.power_plans.sweep",
]

# What each worker calls beside the sweeps, with its name: reports of what it is at.
WORKER_REPORTS = ["generation.workers.report"]
# How long a worker's go at one batch may take; what is finished by then stays, and somebody can let it go on.
BATCH_MINUTES = whole_number("BATCH_MINUTES", 240, at_least=1)
# How long a round of a batch lasts before others that wait have their turn (generation/turns.py).
ROUND_MINUTES = whole_number("ROUND_MINUTES", 10, at_least=1)
# With less room than this on the data folder's disk, workers take up no new work: answers come first (room.py).
DISK_RESERVE_MB = whole_number("DISK_RESERVE_MB", 200, at_least=0)
# How long a served model may say nothing before its texts are given up (generation/engine/server_request.py).
GENERATION_SERVER_SECONDS = whole_number("GENERATION_SERVER_SECONDS", 600, at_least=1)
# Linear layers in 8 bits on a CPU: faster, but another model, and marked so in every text's lineage.
GENERATION_EIGHT_BITS = flag("GENERATION_EIGHT_BITS")
# Whether steps on a GPU are replayed from CUDA graphs (generation/engine/graphs.py).
GENERATION_CUDA_GRAPHS = flag("GENERATION_CUDA_GRAPHS", True)

# --- people ---
AUTH_USER_MODEL = "surveys.Researcher"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "workbench:sign-in"
LOGIN_REDIRECT_URL = "workbench:home"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
# A participant may take hours over a study: the form's token must outlive every study.
CSRF_COOKIE_AGE = 60 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "surveys.participant.steps.csrf_failure"
# How many requests a web process answers at a time.
WEB_THREADS = whole_number("WEB_THREADS", 8, at_least=1)
# How long a participant who says nothing keeps the place that the allocation gave.
LEASE_MINUTES = whole_number("LEASE_MINUTES", 120, at_least=1)

# --- what browsers are told ---
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- languages, time, files ---
LANGUAGE_CODE = "en"
# The interface speaks the languages that it has a catalogue for (studyweb/locale), and no other: a page that says it is
# Italian but has English buttons is read aloud wrongly. Studies write their own texts in any language
# (Definition.languages).
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("fr", "Français")]
# Those that a researcher can choose for the workbench (studyweb/languages.py).
WORKBENCH_LANGUAGES = ["en", "de", "es", "fr"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "files"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- logging ---
LOG_LEVEL = one_of("LOG_LEVEL", "INFO", choices={"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "studyweb.access_log.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # A line for every page that a simulated participant opens says nothing that the server's own log does not.
    "loggers": {"httpx": {"level": "WARNING"}},
}
