"""Copy htmx and Pico, with their licences, from npm into the console's assets.

Run `npm ci` in tests/browser first: its lock file says which versions.  A test compares the files.
"""

from pathlib import Path
from shutil import copyfile

ROOT = Path(__file__).parents[1]
MODULES = ROOT / "tests" / "browser" / "node_modules"
ASSETS = ROOT / "mockserver" / "console" / "assets"
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "LICENSE.htmx.txt",
    "@picocss/pico/css/pico.min.css": "pico.min.css",
    "@picocss/pico/LICENSE.md": "LICENSE.pico.txt",
}

if __name__ == "__main__":
    for source, target in FILES.items():
        copyfile(MODULES / source, ASSETS / target)
