"""The engine as one classic script, for a page, its Worker, and a `file://` page alike."""

import base64
from pathlib import Path

HERE = Path(__file__).parent
BUILT = HERE / "built"
SCRIPTS = (
    "serials", "config", "safetensors", "kernel", "network", "locks", "student", "measuring", "unpacking", "images",
    "paper", "ink", "fitting", "worker", "client",
)  # fmt: skip
PUBLIC = (
    "Refusal", "Student", "parseSerial", "placeOf", "serialText", "isIssuable", "randomSerial", "flipped", "sameBits",
    "openSeal", "keyOf", "softmax", "asFloats", "wilson", "readConfig", "fittedPicture", "engineClient",
)  # fmt: skip


PAGE_SCRIPTS = ("serials", "measuring", "client")  # what a page needs whose Worker gets the rest from an address
PAGE_PUBLIC = (
    "Refusal", "parseSerial", "serialText", "randomSerial", "flipped", "sameBits", "wilson", "engineClient",
)  # fmt: skip


def _text(names: tuple[str, ...]) -> list[str]:
    return [(HERE / "scripts" / f"{name}.js").read_text("utf-8") for name in names]


def serials_script() -> str:
    """Script text that defines of `dsnEngine` what needs no network: serials, intervals, and how to ask a Worker."""
    whole = "\n".join(_text(PAGE_SCRIPTS))
    return f"const dsnEngine = (() => {{\n{whole}\nreturn {{ {', '.join(PAGE_PUBLIC)} }};\n}})();"


def engine_script() -> str:
    """Script text that defines `dsnEngine`, and `dsnMakeEngine`, whose own text makes it anew in a Worker."""
    kernel = base64.b64encode((BUILT / "kernel.wasm").read_bytes()).decode()
    parts = [
        (BUILT / "noble.js").read_text("utf-8"),
        f'const KERNEL = "{kernel}";',
        *_text(SCRIPTS),
    ]
    whole = "\n".join(parts)
    made = f'function dsnMakeEngine() {{\n"use strict";\n{whole}\nreturn {{ {", ".join(PUBLIC)} }};\n}}\n'
    return f"{made}const dsnEngine = dsnMakeEngine();\n"
