# SPDX-License-Identifier: LGPL-2.1-or-later
"""Says its version, counts visits in a file that outlives it, and shows a digest of a secret that it was given."""
import fcntl
import hashlib
import os
from pathlib import Path

from flask import Flask, jsonify

app = Flask(__name__)
VERSION = (Path(__file__).parent / "version").read_text().strip()
VISITS = Path(os.environ["DATA"]) / "visits"
SECRET = os.environ["SECRET"]


def count_visit():
    with open(VISITS, "a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        visits = int(file.read() or 0) + 1
        file.truncate(0)
        file.write(str(visits))
        return visits


@app.get("/")
def home():
    return jsonify(version=VERSION, visits=count_visit(), secret=hashlib.sha256(SECRET.encode()).hexdigest(),
                   user=os.getuid())


@app.get("/health")
def health():
    if VERSION == "1.2":
        return "the database is gone\n", 503
    return "ok\n"
