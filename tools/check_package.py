"""Build sdist and wheel and check what they hold: all the files the block serves, and no secret.

Run as ``python -m tools.check_package``; needs the package ``build``.
"""

from __future__ import annotations

import fnmatch
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "microcred_xblock"
DATA_FOLDERS = (
    "static", "templates", "translations", "credentials/contexts", "credentials/schemas", "credentials/vocabularies",
    "credentials/vendor", "credentials/offline", "issuance/catalogue",
)
SECRET_NAMES = ("*.pem", "*.p12", "*.pfx", "*.key", "*.sqlite3", "*.env", "*id_rsa*")
SECRET_MARKS = (b"PRIVATE KEY-----", b"AWS_SECRET")
# Words that no file of the project may hold: machine paths and registry hosts.
FOREIGN = (b"/work/main", b"/work/shared", b"registry.npmjs", b"files.pythonhosted", b"/tmp/w/")


def build(folder: Path) -> tuple[Path, Path]:
    """The freshly built ``(sdist, wheel)``; the wheel is built from the sdist, as an index would."""
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"The package does not build:\n{result.stdout}\n{result.stderr}")
    return next(folder.glob("*.tar.gz")), next(folder.glob("*.whl"))


def wheel_files(path: Path) -> dict[str, bytes]:
    """Every file of a wheel by its name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def sdist_files(path: Path) -> dict[str, bytes]:
    """Every regular file of an sdist by its name without the top folder."""
    with tarfile.open(path) as archive:
        members = [m for m in archive.getmembers() if m.isfile()]
        return {m.name.partition("/")[2]: archive.extractfile(m).read() for m in members}


def expected() -> dict[str, str]:
    """Digest of every package file that git would ship, by path."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", PACKAGE],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()
    return {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in listed if (ROOT / name).is_file()}


def problems(label: str, files: dict[str, bytes]) -> list[str]:
    """What is missing from, changed in or too much in one distribution."""
    found = []
    for name, digest in expected().items():
        if name not in files:
            found.append(f"{label}: {name} is missing")
        elif hashlib.sha256(files[name]).hexdigest() != digest:
            found.append(f"{label}: {name} differs from the checkout")
    for folder in DATA_FOLDERS:
        if not any(name.startswith(f"{PACKAGE}/{folder}/") for name in files):
            found.append(f"{label}: nothing of {folder} is inside")
    for name, content in files.items():
        if any(fnmatch.fnmatch(name, pattern) for pattern in SECRET_NAMES):
            found.append(f"{label}: {name} looks like a secret")
        if any(mark in content for mark in SECRET_MARKS) and not name.endswith(".py"):
            found.append(f"{label}: {name} holds secret material")
        if any(word in content for word in FOREIGN) and not name.endswith("check_package.py"):
            found.append(f"{label}: {name} names a machine path or a registry host")
    return found


def main() -> int:
    """Exit code 0 when both distributions are right."""
    with tempfile.TemporaryDirectory() as folder:
        sdist, wheel = build(Path(folder))
        found = problems("wheel", wheel_files(wheel)) + problems("sdist", sdist_files(sdist))
        sizes = f"sdist {sdist.stat().st_size // 1024} KiB, wheel {wheel.stat().st_size // 1024} KiB"
    for line in found:
        print(line)
    print(f"package contents: {'FAILED' if found else 'ok'} ({sizes})")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
