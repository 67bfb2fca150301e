"""Other de-identifiers, each in the same Python environment of their own, made once in bench/results/peers."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HOME = Path(__file__).parent / "results" / "peers"
PACKAGES = ("dicom-anonymizer", "dicognito", "deid")
CODE = {  # how each de-identifies the file src to the file dst, by its own default profile
    "dicom-anonymizer": (
        "from dicomanonymizer import anonymize\ndef work(src, dst):\n    anonymize(src, dst, {}, True)\n"
    ),
    "dicognito": (
        "import pydicom\nfrom dicognito.anonymizer import Anonymizer\nanonymizer = Anonymizer()\n"
        "def work(src, dst):\n    d = pydicom.dcmread(src)\n    anonymizer.anonymize(d)\n    d.save_as(dst)\n"
    ),
    "deid": (
        "from deid.dicom import replace_identifiers\ndef work(src, dst):\n"
        "    replace_identifiers(dicom_files=[src], save=True, overwrite=True, output_folder=dst.rsplit('/', 1)[0])\n"
    ),
}
_RUN = """
import json, logging, sys, time, warnings
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
pairs = json.loads(sys.stdin.read())
work(*pairs[0])
began = time.process_time()
for src, dst in pairs:
    try:
        work(src, dst)
    except Exception:
        pass
print("\\n", (time.process_time() - began) * 1000 / len(pairs))
"""


def python() -> Path | None:
    """Return a Python in which the peers are installed; None if they cannot be."""
    found = HOME / "bin" / "python"
    if not found.exists():
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
    installing = [str(found), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES]
    done = subprocess.run(installing, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"the peers are left out; pip says: {done.stderr.strip()[-200:]}", file=sys.stderr)
        return None
    return found


def deidentify(name: str, interpreter: Path, pairs: Sequence[tuple[Path, Path]]) -> float | None:
    """Let a peer de-identify files, source to target; return CPU ms each, None if it does not run at all."""
    program, told = CODE[name] + _RUN, json.dumps([(str(source), str(target)) for source, target in pairs])
    done = subprocess.run(
        [str(interpreter), "-c", program], input=told, capture_output=True, text=True, check=False, timeout=600
    )
    return float(done.stdout.split()[-1]) if done.returncode == 0 else None
