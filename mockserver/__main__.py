"""`python -m mockserver` is `tmall-mockserver`."""

from .cli.entry import main

if __name__ == "__main__":  # a worker of `run` imports this module under another name
    main()
