"""The DDI codebook keeps the rules of DDI-Codebook 2.5: which element stands where, how often, with which attributes.

No package carries the schema, codebook.xsd of version 2.5 (DDI Alliance, 17 January 2012), so that its rules for the
elements that we write stand here, as they were read in it: every sequence is whole, also with elements that we never
write; attributes are those that we write, with what the schema allows them.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.codebook import CodebookTable
from analysis.files.ddi import NAMESPACE, codebook_ddi
from analysis.schema_columns import Column, Level, Table
from analysis.schema_study import FLOW, LINEAGE
from analysis.schema_workshop import WORKSHOP
from tests.analysis.exported import TABLES, exported

# Children in the order of the schema: '!' exactly one, '?' at most one, '+' at least one, '*' any number.
SEQUENCES = {
    "codeBook": "docDscr* stdyDscr+ fileDscr* dataDscr* otherMat*",
    "stdyDscr": "citation+ studyAuthorization* stdyInfo* studyDevelopment* method* dataAccs* othrStdyMat* notes*",
    "citation": "titlStmt! rspStmt? prodStmt? distStmt? serStmt* verStmt* biblCit? holdings* notes*",
    "titlStmt": "titl! subTitl* altTitl* parTitl* IDNo*",
    "verStmt": "version? verResp? notes*",
    "fileDscr": "fileTxt* locMap? notes*",
    "fileTxt": "fileName? fileCitation? fileCont? fileStrc? dimensns? fileType? format? filePlac? dataChck* ProcStat? "
    "dataMsng? software* verStmt?",
    "dimensns": "caseQnty* varQnty* logRecL* recPrCas* recNumTot*",
    "dataDscr": "varGrp* nCubeGrp* var* nCube* notes*",
    "var": "location* labl* imputation? security? embargo? respUnit? anlysUnit? qstn* valrng* invalrng* undocCod* "
    "universe* TotlResp? sumStat* txt* stdCatgry* catgryGrp* catgry* codInstr* verStmt* concept* derivation? "
    "varFormat? geoMap* catLevel* notes*",
    # The schema lets items and ranges alternate; there must be one of them.
    "valrng": "range+ key? notes*",
    "catgry": "catValu? labl* txt* catStat* mrow?",
}
TEXTS = {"titl", "IDNo", "version", "fileName", "fileCont", "caseQnty", "varQnty", "fileType", "format", "dataMsng"}
TEXTS |= {"software", "labl", "catValu", "varFormat"}
# These have attributes alone.
EMPTY = {"range"}
ATTRIBUTES: dict[str, dict[str, set[str] | None]] = {
    "codeBook": {"version": {"2.5"}},
    "IDNo": {"agency": None},
    "fileDscr": {"ID": None},
    "fileType": {"charset": None},
    "software": {"version": None},
    "var": {
        "ID": None,
        "name": None,
        "files": None,
        "intrvl": {"contin", "discrete"},
        "measUnit": None,
        "representationType": {"text", "numeric", "code", "datetime", "other"},
    },
    "range": {"UNITS": {"INT", "REAL"}, "min": None, "max": None},
    "catgry": {"missing": {"Y", "N"}},
    "varFormat": {
        "type": {"numeric", "character"},
        "formatname": None,
        "schema": {"SAS", "SPSS", "IBM", "ANSI", "ISO", "XML-Data", "other"},
        "category": {"date", "time", "currency", "other"},
    },
}
REQUIRED = {"var": {"name"}}
MOST = {"!": 1, "?": 1, "+": 10**9, "*": 10**9}


def broken_rules(root: ET.Element) -> Iterator[str]:
    """What the schema would refuse, a sentence each."""
    ids = [element.get("ID", "") for element in root.iter() if "ID" in element.attrib]
    yield from (f"the ID {key} stands twice" for key in {*ids} if ids.count(key) > 1)
    for element in root.iter():
        tag, children = local(element), [local(child) for child in element]
        rules = ATTRIBUTES.get(tag, {})
        for name, value in element.attrib.items():
            allowed = rules.get(name, set())
            if allowed is not None and value not in allowed:
                yield f"{tag} has {name}={value!r}"
        yield from (f"{tag} has no {name}" for name in REQUIRED.get(tag, set()) - {*element.attrib})
        if "ID" in element.attrib and not re.fullmatch(r"[A-Za-z_][\w.-]*", element.attrib["ID"]):
            yield f"{element.attrib['ID']!r} is no xs:ID"
        if tag == "var":
            yield from (f"there is no file {key}" for key in element.get("files", "").split() if key not in ids)
        if tag in EMPTY:
            yield from (f"{tag} holds something" for _ in [0] if children or (element.text or "").strip())
            continue
        if tag in TEXTS:
            yield from (f"{tag} holds {child}" for child in children)
            continue
        if (element.text or "").strip():
            yield f"{tag} holds text"
        sequence = [(rule[:-1], rule[-1]) for rule in SEQUENCES[tag].split()]
        order = [name for name, _ in sequence]
        yield from (f"{child} does not belong into {tag}" for child in children if child not in order)
        places = [order.index(child) for child in children if child in order]
        if places != sorted(places):
            yield f"{tag} has its children in the order {' '.join(children)}"
        for name, times in sequence:
            if children.count(name) > MOST[times] or (times in "!+" and name not in children):
                yield f"{tag} has {children.count(name)} of {name}"


def local(element: ET.Element) -> str:
    space, _, name = element.tag.rpartition("}")
    assert space == f"{{{NAMESPACE}", f"{element.tag} is of another namespace"
    return name


def parsed(content: bytes) -> ET.Element:
    return ET.fromstring(content)  # noqa: S314 -- we have just written it


def test_an_exports_codebook_keeps_every_rule(tmp_path: Path) -> None:
    exported(tmp_path, identifying=True)
    root = parsed((tmp_path / "codebook-ddi.xml").read_bytes())
    assert len(root.findall(f"{{{NAMESPACE}}}dataDscr/{{{NAMESPACE}}}var")) > 50
    assert [*broken_rules(root)] == []


def test_every_column_that_any_table_has_keeps_the_rules() -> None:
    tables = [*TABLES.values(), LINEAGE, FLOW, *WORKSHOP.values()]
    parts = [CodebookTable(f"{n}.csv", table, frozenset(table.names)) for n, table in enumerate(tables)]
    assert [*broken_rules(parsed(codebook_ddi(parts, {}, {})))] == []


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    column = Column("x", "text", "a\x00b\ufffec <&> \x1b", levels=(Level("\x01", "ä 漢\x0c"),), unit="\x02 s")
    table = Table("t", "T", "a row", ("x",), (column,))
    root = parsed(codebook_ddi([CodebookTable("t.csv", table, frozenset({"x"}))], {"title": "\x00"}, {}))
    assert [*broken_rules(root)] == []
    assert root.findtext(f".//{{{NAMESPACE}}}var/{{{NAMESPACE}}}labl") == "abc <&> "


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda var: var.insert(0, var[-1]), "order"),
        (lambda var: var.set("intrvl", "sometimes"), "intrvl='sometimes'"),
        (lambda var: var.set("files", "F99"), "there is no file F99"),
        (lambda var: var.set("ID", "1"), "'1' is no xs:ID"),
        (lambda var: var.attrib.pop("name"), "var has no name"),
        (lambda var: var.append(ET.Element(f"{{{NAMESPACE}}}varFormat")), "var has 2 of varFormat"),
        (lambda var: var.append(ET.Element(f"{{{NAMESPACE}}}titl")), "titl does not belong into var"),
        (lambda var: setattr(var, "text", "loose"), "var holds text"),
    ],
)
def test_these_rules_find_what_is_broken(tmp_path: Path, change: object, found: str) -> None:
    exported(tmp_path)
    root = parsed((tmp_path / "codebook-ddi.xml").read_bytes())
    change(root.findall(f".//{{{NAMESPACE}}}var")[-1])  # type: ignore[operator]  # one of the changes above
    assert any(found in rule for rule in broken_rules(root))
