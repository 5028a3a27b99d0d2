"""PostgreSQL 18, of a package of npm, which `install.sh` unpacks beside the interpreter."""

import os
import sys

# Of a virtual environment, or of a folder of packages.
FOLDERS = [os.path.dirname(sys.prefix), *map(os.path.dirname, os.environ.get("PYTHONPATH", "").split(":"))]
FOUND = [folder for folder in (os.path.join(folder, "package/native/bin") for folder in FOLDERS) if os.path.isdir(folder)]
if FOUND:
    os.environ["KPIC_POSTGRES"] = FOUND[0]

import protocol  # noqa: E402, what stands above says where the server is
from on_postgres import Postgres  # noqa: E402

protocol.serve(Postgres)
