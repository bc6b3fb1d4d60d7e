#!/usr/bin/env python3
"""inventory.py TREE OUT RUST GLIBC <METADATA

Writes OUT/sbom.cdx.json (CycloneDX 1.5) and OUT/LICENSES.txt for the program OUT/rootward that was
built in TREE, whose crates are in TREE/vendor. METADATA is what `cargo metadata` says of it, RUST
and GLIBC are the versions of what is linked besides. The same input gives the same bytes.
"""
import hashlib
import json
import sys
import tomllib
from pathlib import Path

LICENCE_FILES = ("LICEN", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")


def used(metadata):
    """The ids of what the program is made of, and of what only its build runs."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}

    def reach(kinds):
        found, todo = set(), [metadata["resolve"]["root"]]
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += [dep["pkg"] for dep in nodes[one]["deps"]
                         if any(kind["kind"] in kinds for kind in dep["dep_kinds"])]
        return found

    linked = reach({None})
    return nodes, linked, reach({None, "build"}) - linked


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, checksums, build_only):
    key = (package["name"], package["version"])
    made = {"type": "library", "bom-ref": purl(package), "name": key[0], "version": key[1]}
    if package["license"]:
        # cargo's older way to write OR
        made["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if key in checksums:
        made["hashes"] = [{"alg": "SHA-256", "content": checksums[key]}]
    made["purl"] = purl(package)
    made["scope"] = "excluded" if build_only else "required"
    return made


def sbom(metadata, checksums, binary, rust, glibc):
    nodes, linked, build_only = used(metadata)
    packages = {package["id"]: package for package in metadata["packages"]}
    root = metadata["resolve"]["root"]
    program = component(packages[root], checksums, False)
    del program["scope"]
    program["type"] = "application"
    program["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(binary).hexdigest()}]
    both = linked | build_only
    components = [component(packages[one], checksums, one in build_only)
                  for one in both - {root}]
    for name, version, licence in [("rust-std", rust, "MIT OR Apache-2.0"),
                                   ("glibc", glibc, "LGPL-2.1-or-later")]:
        components.append({"type": "library", "bom-ref": f"{name}@{version}", "name": name,
                           "version": version, "licenses": [{"expression": licence}],
                           "scope": "required"})
    depends = [{"ref": purl(packages[one]),
                "dependsOn": sorted({purl(packages[dep]) for dep in nodes[one]["dependencies"]
                                     if dep in both})}
               for one in both]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": program},
        "components": sorted(components, key=lambda one: one["bom-ref"]),
        "dependencies": sorted(depends, key=lambda one: one["ref"]),
    }


def licences(metadata):
    _, linked, _ = used(metadata)
    packages = [package for package in metadata["packages"] if package["id"] in linked]
    packages.sort(key=lambda package: (package["name"], package["version"]))
    out = ["rootward is linked with these crates, and statically with the Rust standard library",
           "(MIT OR Apache-2.0) and the GNU C library (LGPL-2.1-or-later): REBUILD.txt says how",
           "to link it with another one. The texts of the crates' licences follow.", ""]
    out += [f"{package['name']} {package['version']}: {package['license'] or 'see its text'}"
            for package in packages]
    for package in packages:
        home = Path(package["manifest_path"]).parent
        texts = sorted(path for path in home.iterdir()
                       if path.is_file() and path.name.upper().startswith(LICENCE_FILES))
        for path in texts:
            out += ["", "=" * 80, f"{package['name']} {package['version']}: {path.name}", "=" * 80,
                    "", path.read_text(errors="replace").rstrip()]
    return "\n".join(out) + "\n"


def main():
    tree, out, rust, glibc = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    metadata = json.load(sys.stdin)
    lock = tomllib.loads((tree / "Cargo.lock").read_text())
    checksums = {(one["name"], one["version"]): one["checksum"]
                 for one in lock["package"] if "checksum" in one}
    bom = sbom(metadata, checksums, (out / "rootward").read_bytes(), rust, glibc)
    (out / "sbom.cdx.json").write_text(json.dumps(bom, indent=1) + "\n")
    (out / "LICENSES.txt").write_text(licences(metadata))
    print(f"{len(bom['components'])} components")


main()
