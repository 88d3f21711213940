#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the image would run: renders one frame of a scene.
exec blender --background "$1" --render-output /srv/render/out/frame --render-frame 1
