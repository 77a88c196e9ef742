"""Writes the facts of this folder from the vendors' documents: `python -m contracts.extract FOLDER`.

FOLDER holds what was collected about the vendors: `visma.openapi.json`, `orderful.openapi.json`, `edi-elements.tsv` and
`samples/`. It does not belong to the repository; facts carry over from it, sentences and files do not. From a structure
the operations that tests use are taken, and the schemas that those reach: names, types, enumerations, requirements.
From a sample its fields are taken, the words of enumerations, its dates, amounts and quantities; names, addresses,
numbers of things and texts are ours.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from connector.edi.x12.dictionary import SEGMENTS
from contracts.facts import INDEX, ROOT

_VISMA_DOCUMENTS = {
    "purchaseorder": "purchaseOrderNumber",
    "supplierInvoice": "invoiceNumber",
    "customerinvoice": "invoiceNumber",
    "customerCreditNote": "creditNoteNumber",
    "customerDebitNote": "debitNoteNumber",
    "supplier": "supplierCd",
    "customer": "customerCd",
    "branch": "branchNumber",
    "organization": "organizationNumber",
}
OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "visma": (
        *(f"GET /v1/{name}" for name in _VISMA_DOCUMENTS),
        *(f"GET /v1/{name}/{{{key}}}" for name, key in _VISMA_DOCUMENTS.items()),
        "GET /v1/supplierInvoice/{documentType}/{invoiceNumber}",
        "PUT /v1/purchaseorder/{purchaseOrderNumber}",
    ),
    "orderful": (
        "GET /inboxes/{inboxId}/transactions",
        "GET /transactions/{transactionId}/deliveries/{deliveryId}",
        "GET /v3/organizations/me",
        "GET /v3/polling-buckets/{bucketId}",
        "GET /v3/relationships",
        "GET /v3/transactions",
        "GET /v3/transactions/{transactionId}",
        "GET /v3/transactions/{transactionId}/acknowledgment",
        "GET /v3/transactions/{transactionId}/message",
        "POST /transactions",
        "POST /transactions/{transactionId}/deliveries/{deliveryId}/accept",
        "POST /transactions/{transactionId}/deliveries/{deliveryId}/fail",
        "POST /v3/deliveries/{deliveryId}/approve",
        "POST /v3/deliveries/{deliveryId}/fail",
        "POST /v3/transactions",
    ),
}
SAMPLES: Mapping[str, str] = {
    "v4-850": "v4-create-purchaseOrder.openapi",
    "v4-855": "v4-create-poAcknowledgment.openapi",
    "v4-856": "v4-create-shipNotice.openapi",
    "v4-810": "v4-create-invoice.openapi",
    "v4-860": "v4-create-purchaseOrderChange.openapi",
    "v4-inbox-850": "v4-inbox-list-850.openapi",
    "v4-inbox-860": "v4-inbox-860.late-2026.reconstructed",
    "v3-810": "v3-810-orderfuljson.reconstructed",
    "v3-810-minimal": "v3-810-orderfuljson.minimal-live-confirmed",
    "v3-860": "v3-860-orderfuljson.reconstructed",
    "v3-bucket": "v3-polling-bucket.docs",
    "v3-transaction": "v3-get-transaction.shape",
    "push-2020": "webhook-old-format.docs",
    "errors": "error-bodies",
}
"""Ours -> the collected one."""

# Texts that are ours, by the field that they stand in.
_TEXTS: Mapping[str, str] = {
    "addressInformation": "Lagerveien 1",
    "addressInformation1": "Port 3",
    "addressLine1": "Storgata 1",
    "addressLine2": "Port 2",
    "city": "Oslo",
    "cityName": "Oslo",
    "colorDescription": "Green",
    "countryCode": "NO",
    "countryOfOrigin": "NO",
    "description": "Coffee, dark roast",
    "email": "office@example.no",
    "locationDescription": "Oslo",
    "name": "Nordic Food",
    "phoneNumber": "22 33 44 55",
    "postalCode": "0150",
    "standardCarrierAlphaCode": "XXXX",
    "stateOrProvinceCode": "03",
    "text": "Call before delivery.",
}
# Numbers of things that are ours: each gets the next number behind the prefix, the same one the same number.
_NUMBERED: Mapping[str, str] = {
    "buyerItemNumber": "B-",
    "coilNumber": "COIL-",
    "equipmentId": "TRAILER-",
    "invoiceNumber": "INV-",
    "identificationCode": "LOC-",
    "purchaseOrderNumber": "PO-",
    "receiverId": "ISA",
    "senderId": "ISA",
    "isaId": "ISA",
    "testIsaId": "ISA",
    "shipmentId": "SHIP-",
    "trackingNumber": "TRACK-",
    "vendorItemNumber": "V-",
}
# X12 samples answer to figures of the tests, which are ours already.
_AS_THEY_ARE = {"errors", "v3-810", "v3-810-minimal", "v3-860"}
_NO_CONSTRAINTS = {"type", "format", "enum", "items", "properties", "required", "nullable", "oneOf", "allOf", "$ref"}
_DROPPED = {"readOnly", "title", "deprecated", "x-added", "x-enum-from"}


def structure(document: Mapping[str, Any], operations: tuple[str, ...], access: Any) -> dict[str, Any]:
    """The operations of a structure, and the schemas that they reach, in the form that `contracts.facts` reads."""
    taken = {}
    for operation in operations:
        method, path = operation.split(" ")
        taken[operation] = _operation(document["paths"][path][method.lower()])
    schemas: dict[str, Any] = {}
    waiting = list(_references(taken))
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            schemas[name] = _fields(document["components"]["schemas"][name])
            waiting += _references(schemas[name])
    return {"access": access, "operations": taken, "schemas": dict(sorted(schemas.items()))}


def _operation(operation: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in operation.get("parameters", ()):
        if one["in"] in {"query", "header"}:
            name = f"{one['name']}!" if one.get("required") else one["name"]
            found.setdefault(one["in"], {})[name] = _type(one["schema"])
    if "requestBody" in operation:
        found["body"] = {media: _type(one["schema"]) for media, one in operation["requestBody"]["content"].items()}
    found["answers"] = {
        status: _type(one["content"]["application/json"]["schema"]) if "content" in one else None
        for status, one in operation["responses"].items()
    }
    return found


def _fields(schema: Mapping[str, Any]) -> dict[str, Any]:
    required = schema.get("required", ())
    return {f"{name}!" if name in required else name: _type(one) for name, one in schema.get("properties", {}).items()}


def _type(schema: Mapping[str, Any]) -> Any:
    more = {name: value for name, value in schema.items() if name not in _NO_CONSTRAINTS | _DROPPED}
    if len(schema.get("allOf", ())) == 1:
        # What OpenAPI 3.0 writes where a reference has siblings.
        schema = {**schema, **schema["allOf"][0]}
    null = "?" if schema.get("nullable") else ""
    if "$ref" in schema:
        kind: Any = f"@{schema['$ref'].rsplit('/', 1)[-1]}{null}"
    elif "oneOf" in schema:
        kind = {"one_of": [_type(one) for one in schema["oneOf"]]}
    elif schema.get("type") == "array":
        item = _type(schema["items"])
        kind = f"{item}[]{null}" if isinstance(item, str) else {"list": item}
    elif "enum" in schema:
        words = schema["enum"]
        kind = {"words": " ".join(words) if all(re.fullmatch(r"\S+", word) for word in words) else words}
    elif "properties" in schema:
        kind = {"fields": _fields(schema)}
    else:
        kind = schema.get("type", "object") + (f":{schema['format']}" if "format" in schema else "") + null
    if null and not isinstance(kind, str):
        more["nullable"] = True
    if not more:
        return kind
    return {"is": kind, **more} if isinstance(kind, str) else {**kind, **more}


def _references(facts: Any) -> Iterator[str]:
    if isinstance(facts, str):
        if facts.startswith("@"):
            yield re.sub(r"[@?\[\]]", "", facts)
    elif isinstance(facts, Mapping):
        for one in facts.values():
            yield from _references(one)
    elif isinstance(facts, list):
        for one in facts:
            yield from _references(one)


def elements(rows: list[dict[str, str]]) -> str:
    """The elements of our segments: position, 4010, 5010 where it differs, whether there is a code list."""
    lines = ["position\t4010\t5010\tcodes"]
    for row in rows:
        if row["segment"] in SEGMENTS:
            older, newer = (
                " ".join(row[f"{part}_{version}"] or "-" for part in ("req", "type", "len"))
                for version in ("4010", "5010")
            )
            lines.append(
                "\t".join((row["pos"], older, "" if newer == older else newer, "codes" if row["code_list"] else ""))
            )
    return "\n".join(lines) + "\n"


class Ours:
    """Puts our values into samples; a number of a thing that comes again gets the same number again."""

    def __init__(self) -> None:
        """Nothing was numbered yet."""
        self._numbers: dict[tuple[str, str], str] = {}

    def value(self, value: Any, field: str = "") -> Any:
        """The same fields with our values."""
        if isinstance(value, dict):
            return {name: self.value(one, name) for name, one in value.items() if name != "_provenance"}
        if isinstance(value, list):
            return [self.value(one, field) for one in value]
        if not isinstance(value, str):
            return value
        return self._text(value, field)

    def _text(self, value: str, field: str) -> str:
        if re.match(r"\d{3}_", value):
            return value
        if prefix := _NUMBERED.get(field):
            known = self._numbers
            count = sum(one == prefix for one, _ in known)
            return known.setdefault((prefix, value), f"{prefix}{count + 1001}")
        # A word that an enumeration could have stays; what has a blank in it is somebody's text.
        return _TEXTS.get(field, re.sub(r".* .*", "steel", value))


def main(folder: Path) -> None:
    """Write every file, and the hashes of what was read and written into the index."""
    index = json.loads(INDEX.read_text(encoding="utf-8"))
    written: dict[str, tuple[str, Path]] = {}
    for vendor, operations in OPERATIONS.items():
        source = folder / f"{vendor}.openapi.json"
        document = json.loads(source.read_text(encoding="utf-8"))
        schemes = document["components"]["securitySchemes"]
        access = (
            {"scopes": list(schemes["serviceapi"]["flows"]["clientCredentials"]["scopes"])}
            if vendor == "visma"
            else {"header": schemes["API_KEY"]["name"]}
        )
        written[f"{vendor}.json"] = (_json(structure(document, operations, access)), source)
    source = folder / "edi-elements.tsv"
    with source.open(encoding="utf-8") as file:
        written["x12.tsv"] = (elements(list(csv.DictReader(file, delimiter="\t"))), source)
    ours = Ours()
    for name, collected in SAMPLES.items():
        source = folder / "samples" / f"{collected}.json"
        data = json.loads(source.read_text(encoding="utf-8"))
        if name == "errors":
            data = {key: data[key] for key in ("v3_argument_error", "v2_validations_item")}
        value = _without_notes(data) if name in _AS_THEY_ARE else ours.value(data)
        written[f"samples/{name}.json"] = (_json(value), source)
    for name, (text, source) in written.items():
        (ROOT / name).write_text(text, encoding="utf-8")
        index[name] |= {
            "source_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        }
    INDEX.write_text(_json(index), encoding="utf-8")


def _without_notes(value: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if name != "_provenance"}


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
