"""The engine as one classic script, for a page, its Worker, and a `file://` page alike."""

import base64
from pathlib import Path

HERE = Path(__file__).parent
BUILT = HERE / "built"
SCRIPTS = ("serials", "config", "safetensors", "kernel", "network", "locks", "student", "worker", "client")
PUBLIC = (
    "Refusal", "Student", "parseSerial", "placeOf", "serialText", "isIssuable", "randomSerial", "flipped", "sameBits",
    "openSeal", "keyOf", "softmax", "asFloats", "engineClient",
)  # fmt: skip


def engine_script() -> str:
    """Script text that defines `dsnEngine`; in a Worker it also answers messages."""
    kernel = base64.b64encode((BUILT / "kernel.wasm").read_bytes()).decode()
    parts = [
        (BUILT / "noble.js").read_text("utf-8"),
        f'const KERNEL = "{kernel}";',
        *((HERE / "scripts" / f"{name}.js").read_text("utf-8") for name in SCRIPTS),
    ]
    whole = "\n".join(parts)
    return f'const dsnEngine = (() => {{\n"use strict";\n{whole}\nreturn {{ {", ".join(PUBLIC)} }};\n}})();\n'
