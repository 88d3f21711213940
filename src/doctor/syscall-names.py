#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints {NUMBER, "NAME"}, for each system call that the compiler's headers know: syscall-names.py COMPILER…"""

import re
import subprocess
import sys

macros = subprocess.run([*sys.argv[1:], "-E", "-dM", "-xc", "-"], input="#include <sys/syscall.h>\n#include <asm/unistd.h>\n",
                        capture_output=True, text=True, check=True).stdout
numbers = {name: int(number) for name, number in re.findall(r"(?m)^#define __NR_(\w+) (\d+)$", macros)}
for name, number in sorted(numbers.items(), key=lambda item: item[1]):
    print(f'{{{number}, "{name}"}},')
