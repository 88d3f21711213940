<?php
// SPDX-License-Identifier: LGPL-2.1-or-later
// What the image would serve.
header('Content-Type: text/plain');
printf("%s runs PHP %s\n", getenv('APP_MODE') ?: 'nothing', PHP_VERSION);
