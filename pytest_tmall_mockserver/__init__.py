"""The pytest plugin of tmall-mockserver: `plugin` has options and hooks, `fixtures` the fixtures.

Why it is a package of its own.  pytest loads it in every run of a machine that has the product
installed, also of suites that do not use it, and before a suite has put its own folders on the
path.  Would it import `mockserver` then, a project with a folder of that name could not import its
own any more.  So nothing here imports the product before a test uses a fixture; `require_product`
in `items.py` says clearly if the name means something else by then.
"""
