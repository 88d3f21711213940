# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest book: names in PostgreSQL, visits counted in Redis."""
import os
from pathlib import Path

import psycopg2
import redis
from flask import Flask, jsonify, request

app = Flask(__name__)
VERSION = (Path(__file__).parent / "version").read_text().strip()
PASSWORD = Path(os.environ["DB_PASSWORD_FILE"]).read_text().strip()
cache = redis.Redis(host=os.environ["CACHE_HOST"], socket_timeout=2)


def database():
    connection = psycopg2.connect(host=os.environ["DB_HOST"], user="postgres", password=PASSWORD, connect_timeout=2)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE IF NOT EXISTS guests (name text)")
    return cursor


@app.get("/")
def home():
    cursor = database()
    cursor.execute("SELECT name FROM guests")
    return jsonify(version=VERSION, visits=cache.incr("visits"), guests=[name for (name,) in cursor.fetchall()],
                   from_address=request.remote_addr)


@app.post("/sign")
def sign():
    database().execute("INSERT INTO guests VALUES (%s)", (request.form["name"],))
    return "welcome\n"


@app.get("/health")
def health():
    if VERSION == "1.2":
        return "the guests are gone\n", 503
    database().execute("SELECT 1")
    cache.ping()
    return "ok\n"
