# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the image would run: says which libraries it has."""
import numpy
import pandas
import scipy

print(numpy.__version__, pandas.__version__, scipy.__version__)
