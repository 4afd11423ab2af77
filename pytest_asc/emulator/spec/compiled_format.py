"""Format of ``api_spec.json.gz``: written by the compiler, read by :mod:`pytest_asc.emulator.spec.api_spec`.

A value type describes the values that an attribute, a member or a parameter can have:

======================  ================================================================
``"string"``, ``"uri"``  a type or a format of OpenAPI
``"string:number"``      a string that holds a number
``"integer:1..200"``     an integer and its bounds
``17``                   an enum: an index into ``enums``
``"$Name"``              an object: a key of ``objects``
``[value type]``         an array of items of this value type
``{name: value type}``   an object with these members
``{"*": value type}``    an object with any member names
``"any"``                any value: the schema has alternatives, or no type
======================  ================================================================
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias, TypedDict

COMPILED_SPEC = Path(__file__).with_name("api_spec.json.gz")

NOT_UNDERSTOOD = "notUnderstood"
"""Action of an operation in the document that the compiler does not understand."""

ValueType: TypeAlias = "str | int | list[ValueType] | dict[str, ValueType]"
LinkageType: TypeAlias = "str | list[str]"
"""Resource type of a relationship's linkage: ``"apps"`` for a to-one, ``["builds"]`` for a to-many relationship."""


class RelationshipWithoutData(TypedDict):
    """A relationship without linkage: its related resources are reached by its links only."""

    links: LinkageType | list[str | None] | None
    """Type of the related resources; None, or a list of None, if the related URL returns no resources."""


class CompiledSchema(TypedDict, total=False):
    """A schema of a resource."""

    type: str
    version: str
    """Version in the path of the resources, such as ``v1``."""
    attributes: dict[str, ValueType]
    relationships: dict[str, LinkageType | RelationshipWithoutData]
    deprecated: list[str]
    absent: bool
    """True if a user's document lacks the whole schema, and :mod:`.completion` has added it."""
    hidden: list[str]
    """Members that a user's document lacks, and that :mod:`.completion` has added."""


class RequestBody(TypedDict, total=False):
    """Schema of a request document: of a resource, or of linkage; the latter has only the member ``linkage``."""

    type: str
    attributes: dict[str, ValueType]
    nullable: list[str]
    """Attributes that may be null."""
    relationships: dict[str, LinkageType]
    required: list[str]
    """Paths of required members, such as ``relationships.app.data``."""
    inline: list[str]
    """Names of the schemas of resources that the request may include, and that are created together with its own."""
    deprecated: list[str]
    linkage: LinkageType


class Metrics(TypedDict):
    """Values and dimensions of a metrics operation (``…/metrics/…``)."""

    values: list[str]
    dimensions: dict[str, str | None]
    """Dimensions to group by: the resource type that the values are ids of, or None for values that are plain text."""


class CompiledOperation(TypedDict, total=False):
    """An operation. Members without a value are left out."""

    action: str
    """Last part of Apple's operation id, such as ``getCollection``, or :data:`NOT_UNDERSTOOD`."""
    success: list[int]
    schema: str
    many: bool
    linkage: str
    included: dict[str, str]
    """Name of the schema of included resources, by type, for the types that have two schemas."""
    media: list[str]
    """Media types of the response, unless JSON is the only one."""
    metrics: Metrics
    body: str
    filter: dict[str, ValueType]
    exists: dict[str, ValueType]
    fields: dict[str, ValueType]
    """Sparse fieldsets by type: an enum, or True if the type has one schema and all its members may be requested."""
    limits: dict[str, int]
    sort: int
    include: int
    limit: int
    period: int
    groupBy: int
    granularity: int
    required: list[str]
    """Names of required parameters."""
    deprecated: bool
    deprecatedParameters: list[str]


class CompiledSpec(TypedDict):
    """A compiled document: the content of the file."""

    version: str
    """Version of Apple's document."""
    enums: list[list[str]]
    objects: dict[str, dict[str, ValueType]]
    schemas: dict[str, CompiledSchema]
    bodies: dict[str, RequestBody]
    operations: dict[str, dict[str, CompiledOperation]]
    """Operations by path, and by method in lower case."""
