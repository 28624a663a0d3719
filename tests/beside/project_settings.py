"""The smallest Django project."""

SECRET_KEY = "not a secret"  # of nothing
USE_TZ = True
