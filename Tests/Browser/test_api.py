"""The API against its own document: Schemathesis asks what the document allows, and what it does not."""

import json
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import desk as spool

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,unsupported_method,allow_header_conformance"
)


@pytest.fixture(scope="module")
def asked():
    """A desk with results whose originals are gone, so that what is begun ends at once."""
    with spool.Desk("samples: 2") as desk:
        desk.fill(3, spool.samples / "camera.jpg")
        shutil.rmtree(desk.folder / "originals")
        desk.start("desk")
        desk.colored(3)
        yield desk


def schemathesis(desk, folder, values, *options):
    """Runs it, with values for parameters that chance would never find, and returns what it says."""
    csrf = desk.get("/session")["csrf"]
    lines = [f"[[operations]]\ninclude-path = {json.dumps(path)}\nparameters = {{ {names} }}\n" for path, names in values.items()]
    configuration = folder / "schemathesis.toml"
    configuration.write_text("\n".join(lines))
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    arguments = [program, "--config-file", configuration, "--no-color", "run", desk.address + "/api/v1/openapi.json"]
    arguments += [f"--header=X-CSRF-Token: {csrf}", f"--checks={CHECKS}", "--exclude-path=/api/v1/events"]
    # The same questions each time.
    arguments += ["--generation-deterministic", "--no-shrink", "--warnings=off"]
    arguments += ["--continue-on-failure", "--request-timeout=30", "--workers=1", *options]
    run = subprocess.run(arguments, capture_output=True, text=True, cwd=folder)
    said = run.stdout + run.stderr
    assert run.returncode == 0, said[-8000:]
    return said


def cases(said):
    return int(re.search(r"(\d+) generated", said)[1])


def test_what_nobody_knows_is_answered_as_documented(asked, tmp_path):
    said = schemathesis(asked, tmp_path, {}, "--phases=examples,coverage,fuzzing", "--max-examples=8")
    assert cases(said) > 300, said


def test_a_real_result_is_answered_as_documented(asked, tmp_path):
    result = asked.get("/results")["results"][0]
    folder = next(folder["id"] for folder in asked.get("/folders")["folders"] if folder["name"])
    own = f'id = "{result["id"]}"'
    paths = ["", "/images/{image}", "/choose", "/unchoose", "/undo", "/previews", "/reroll", "/hints"]
    values = {f"/api/v1/results/{{id}}{path}": own for path in paths}
    values["/api/v1/folders/{id}/settings"] = f'id = "{folder}"'
    included = [f"--include-path={path}" for path in values]
    said = schemathesis(asked, tmp_path, values, "--phases=coverage,fuzzing", "--max-examples=12", *included)
    assert cases(said) > 150, said
    # Nothing of it has broken anything.
    assert len(asked.get("/results")["results"]) == 3
    asked.stop("desk")
    asked.start("desk")
