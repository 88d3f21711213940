# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the image would serve."""
import os

import flask

app = flask.Flask(__name__)


@app.route("/")
def page():
    return f"{os.environ.get('APP_MODE', 'nothing')} runs\n"
