# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images in the forms that gourd reads, made of layers (bytes of tars) and a configuration."""

import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path

OCI = "application/vnd.oci.image."
ARCHITECTURE = subprocess.run(["uname", "-m"], capture_output=True, text=True, check=True).stdout.strip()
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(ARCHITECTURE, ARCHITECTURE)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def configuration(layers, settings=None):
    return json.dumps({"created": "2020-01-02T03:04:05Z", "architecture": ARCHITECTURE, "os": "linux",
                       "config": settings or {},
                       "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest(data) for data in layers]}}).encode()


def put(folder, data):
    path = Path(folder) / "blobs" / "sha256" / digest(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return {"digest": "sha256:" + digest(data), "size": len(data)}


def compress(data, how):
    commands = {"gzip": ["gzip", "-1nc"], "zstd": ["zstd", "-1qc"], "xz": ["xz", "-0c"]}
    return subprocess.run(commands[how], input=data, capture_output=True, check=True).stdout if how else data


def write_layout(folder, layers, settings=None, compression=None, tag="latest", config=None):
    """An OCI layout; compression None, "gzip" or "zstd". config, as bytes, goes before settings."""
    folder, suffix = Path(folder), "+" + compression if compression else ""
    config = put(folder, config or configuration(layers, settings))
    described = [{"mediaType": OCI + "layer.v1.tar" + suffix, **put(folder, compress(data, compression))} for data in layers]
    manifest = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                "config": {"mediaType": OCI + "config.v1+json", **config}, "layers": described}
    top = {"mediaType": OCI + "manifest.v1+json", **put(folder, json.dumps(manifest).encode()),
           "annotations": {"org.opencontainers.image.ref.name": tag}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def write_docker_archive(path, layers, settings=None, name="quirk:latest", config=None):
    """As docker save wrote it before version 25: a folder for each layer."""
    config = config or configuration(layers, settings)
    members = [(digest(config) + ".json", config)]
    members += [(f"{number:064x}/layer.tar", data) for number, data in enumerate(layers)]
    listed = [{"Config": members[0][0], "RepoTags": [name], "Layers": [member for member, _ in members[1:]]}]
    members.append(("manifest.json", json.dumps(listed).encode()))
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for member, data in members:
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path
