"""Format of ``api_spec.json.gz``: written by the compiler, read by :mod:`pytest_asc.emulator.spec.api_spec`.

A value type says which values an attribute, a member or a parameter takes:

======================  ================================================================
``"string"``, ``"uri"``  a type or a format of OpenAPI
``"string:number"``      a string that holds a number
``"integer:1..200"``     an integer and its bounds
``17``                   an enum: an index into ``enums``
``"$Name"``              an object: a key of ``objects``
``[value type]``         an array
``{name: value type}``   an object, by its members
``{"*": value type}``    a map
``"any"``                any value: alternatives, or a schema that says nothing
======================  ================================================================
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias, TypedDict

COMPILED_SPEC = Path(__file__).with_name("api_spec.json.gz")

NOT_UNDERSTOOD = "notUnderstood"
"""Action of an operation that the document has and the compiler does not understand."""

ValueType: TypeAlias = "str | int | list[ValueType] | dict[str, ValueType]"
LinkageType: TypeAlias = "str | list[str]"
"""Resource type of a relationship's linkage: ``"apps"`` for a to-one, ``["builds"]`` for a to-many relationship."""


class RelationshipWithoutData(TypedDict):
    """A relationship that never carries linkage: it is reached by its links alone."""

    links: LinkageType | list[str | None] | None
    """None, or a list of None, where its related URL gives no resources."""


class CompiledSchema(TypedDict, total=False):
    """One schema of a resource."""

    type: str
    version: str
    """Version in the path of its resources: ``v1``."""
    attributes: dict[str, ValueType]
    relationships: dict[str, LinkageType | RelationshipWithoutData]
    deprecated: list[str]
    absent: bool
    """True if the whole schema is not in a user's document (:mod:`.completion`)."""
    hidden: list[str]
    """Members that a user's document does not have ; neither is in a compiled document itself."""


class RequestBody(TypedDict, total=False):
    """Schema of a request document: of a resource, or of linkage, which has the member ``linkage`` alone."""

    type: str
    attributes: dict[str, ValueType]
    nullable: list[str]
    """Attributes that may be null."""
    relationships: dict[str, LinkageType]
    required: list[str]
    """Paths of required members: ``relationships.app.data``."""
    inline: list[str]
    """Names of the schemas of the resources that may be included and are created along with it."""
    deprecated: list[str]
    linkage: LinkageType


class Metrics(TypedDict):
    """Data points of an operation ``…/metrics/…``."""

    values: list[str]
    dimensions: dict[str, str | None]
    """Dimensions to group by, each with the resource type of its values; None where they are words."""


class CompiledOperation(TypedDict, total=False):
    """One operation. A member that says nothing is left out."""

    action: str
    """Last part of Apple's operation id: ``getCollection``; :data:`NOT_UNDERSTOOD` of what cannot be emulated."""
    success: list[int]
    schema: str
    many: bool
    linkage: str
    included: dict[str, str]
    """Schema of the included resources, for the types that have two."""
    media: list[str]
    """Media types of the response, where they are others than JSON alone."""
    metrics: Metrics
    body: str
    filter: dict[str, ValueType]
    exists: dict[str, ValueType]
    fields: dict[str, ValueType]
    """Sparse fieldsets: an enum for each type, or True where every member of its only schema may be asked for."""
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
    """The whole file."""

    version: str
    """Version of Apple's document."""
    enums: list[list[str]]
    objects: dict[str, dict[str, ValueType]]
    schemas: dict[str, CompiledSchema]
    bodies: dict[str, RequestBody]
    operations: dict[str, dict[str, CompiledOperation]]
    """By path, and by method in small letters."""
