"""Holds an export against what its standards say: `python validate.py bag FOLDER` or `iiif FOLDER`."""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent


def bag(folder: Path) -> None:
    import bagit
    from lxml import etree

    bagit.Bag(str(folder)).validate()
    schema = etree.XMLSchema(etree.parse(HERE / "premis-3.0.xsd"))
    documents = list((folder / "metadata/premis").rglob("*.xml"))
    assert documents, "no PREMIS"
    for document in documents:
        schema.assertValid(etree.parse(document))


def iiif(folder: Path) -> None:
    import iiif_prezi3

    collection = json.loads((folder / "collection.json").read_text())
    iiif_prezi3.Collection(**collection)
    assert collection["items"], "no manifests"
    root = collection["id"].removesuffix("/collection.json")
    for item in collection["items"]:
        from urllib.parse import unquote

        path = folder / unquote(item["id"].removeprefix(root + "/"))
        iiif_prezi3.Manifest(**json.loads(path.read_text()))


{"bag": bag, "iiif": iiif}[sys.argv[1]](Path(sys.argv[2]))
