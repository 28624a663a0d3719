"""`python -m mockserver` is `tmall-mockserver`."""

from .cli.main import main

main()
