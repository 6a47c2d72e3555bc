"""KaTeX, which the pages set formulas with, as a judge of LaTeX in its strict mode.

A letter that it does not know, such as ½, is no error: the MathML of the pages is drawn in the fonts of the reader.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

_KATEX = Path(__file__).parents[3] / "frontend/node_modules/katex/dist/katex.js"
_PROGRAM = """
const katex = require(process.argv[1]);
const strict = (code) => (code === "unknownSymbol" ? "ignore" : "error");
const formulas = JSON.parse(require("fs").readFileSync(0, "utf8"));
const problems = formulas.map((formula) => {
  try {
    katex.renderToString(formula, { output: "mathml", displayMode: true, throwOnError: true, strict, trust: false });
    return "";
  } catch (error) {
    return String(error.message);
  }
});
process.stdout.write(JSON.stringify(problems));
"""


def problems(formulas: Sequence[str]) -> dict[str, str]:
    """Return what KaTeX has against some formulas in display style; empty where it sets all of them."""
    command = ["node", "-e", _PROGRAM, str(_KATEX)]
    done = subprocess.run(
        command, input=json.dumps(list(formulas)), capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return {formula: problem for formula, problem in zip(formulas, found, strict=True) if problem}
