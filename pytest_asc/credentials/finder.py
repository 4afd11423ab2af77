"""Credentials: key ID, issuer ID, type and private key, with the source of each, and the search for them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, cast
from weakref import finalize

from cryptography.hazmat.primitives import serialization

from pytest_asc.apple.services import APP_STORE_CONNECT, SERVICES, KeyType, ServiceIds
from pytest_asc.credentials import key_files
from pytest_asc.credentials.fastlane import TRUE_VALUES, key_type_conflicts, option_conflicts, read_option
from pytest_asc.credentials.precedence import id_conflicts, key_conflicts
from pytest_asc.credentials.search import find_ids, find_key_in_folders, find_service_ids, read_keys
from pytest_asc.credentials.settings import BY_NAME, settings_with
from pytest_asc.credentials.unread import unread_finding
from pytest_asc.diagnosis.findings import Finding, best_error, make_finding
from pytest_asc.diagnosis.formatting import join_or
from pytest_asc.diagnosis.key.ids import normalize_id, read_ids
from pytest_asc.secrets import SecretStr, mask, redactor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ec
    from typing_extensions import Unpack

    from pytest_asc.apple.services import Service
    from pytest_asc.credentials.settings import Settings, SettingValue
    from pytest_asc.credentials.sources import KeySource


@dataclass(frozen=True, repr=False, eq=False)
class Credentials:
    """An API key: its private key and the IDs that its tokens contain."""

    key_id: str
    issuer_id: str | None
    """None for an individual key."""
    kind: KeyType
    private_key: ec.EllipticCurvePrivateKey
    sources: Mapping[str, str] = field(default_factory=dict)
    """The sources of ``key_id``, ``issuer_id`` and ``private_key``: an option, ini value, variable or file for each."""
    service_ids: ServiceIds = field(default_factory=ServiceIds)
    """The IDs that are known for tokens of services other than App Store Connect."""

    @classmethod
    def load(
        cls,
        *,
        key_id: str,
        key: str,
        issuer_id: str | None = None,
        kind: KeyType | None = None,
        **ids: Unpack[ServiceIds],
    ) -> Credentials:
        """Create credentials from values of any other source, such as a secret store.

        Args:
            key_id: The key ID.
            key: The text of the private key. It is repaired like one from the environment.
            issuer_id: The issuer ID; None for an individual key.
            kind: The type of the key; by default ``team`` with an issuer ID, ``individual`` without one.
            **ids: IDs for tokens of other services, such as ``team_id`` and ``service_id``.

        Raises:
            CredentialsError: The credentials cannot be used. The message has the cause and the fix.
        """
        values = {"key_id": key_id, "private_key": key, "issuer_id": issuer_id, "key_type": kind}
        given = {name: value for name, value in values.items() if value is not None}
        return replace(find_credentials(settings_with(given, "Credentials.load")).require(), service_ids=ids)

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public key, with which signatures are verified."""
        return self.private_key.public_key()

    @cached_property
    def pem(self) -> SecretStr:
        """The private key in the form of a .p8 file. The ``repr`` of this string does not show it."""
        text = self.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode("ascii")
        redactor.add_key(text)
        return SecretStr(text)

    @cached_property
    def key_file(self) -> Path:
        """Path of a file with the private key. It is named as Apple names it, and only its owner can read it.

        The file is written to a private folder on first access, and removed when the process ends.
        """
        from pytest_asc.credentials.private_folder import (  # noqa: PLC0415  rarely used
            new_private_folder,
            write_private,
        )

        folder, remove = new_private_folder()
        finalize(self, remove)
        file = folder / f"AuthKey_{self.key_id}.p8"
        write_private(file, self.pem)
        return file

    def issuer(self, service: Service) -> str | None:
        """Return the ``iss`` of this key's tokens for a service; None if they have no ``iss`` or it is not known."""
        member = service.claims["iss"]
        value = member.value.format_map({"team_id": "", **self.service_ids, "issuer_id": self.issuer_id or ""})
        return value if re.fullmatch(member.pattern, value) else None

    def __repr__(self) -> str:
        ids = f"key_id={mask(self.key_id)}, issuer_id={self.issuer_id and mask(self.issuer_id)}"
        return f"<Credentials {ids}, kind={self.kind}, sources={dict(self.sources)}>"


class CredentialsError(Exception):
    """Raised if there are no usable credentials.

    The message contains the best-supported cause, its evidence and its fix.

    Args:
        findings: The findings on the credentials, at least one of them an error.
    """

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(findings)
        self.findings = findings

    def __str__(self) -> str:
        best = best_error(self.findings) or self.findings[0]
        return f"{best.title} ({best.cause}).\n  Evidence: {best.evidence}.\n  Fix: {best.fix}\n  Docs: {best.docs}"


@dataclass(frozen=True)
class CredentialsResult:
    """Result of the search for credentials."""

    credentials: Credentials | None
    """None if any finding is an error."""
    findings: tuple[Finding, ...]
    sources: Mapping[str, str]
    """The sources of the ``key_id``, ``issuer_id`` and ``private_key`` that were found."""
    key_id: str | None = field(repr=False)
    issuer_id: str | None = field(repr=False)
    kind: KeyType

    def require(self) -> Credentials:
        """Return the credentials.

        Raises:
            CredentialsError: There are no usable credentials.
        """
        __tracebackhide__ = True
        if self.credentials is None:
            raise CredentialsError(self.findings)
        return self.credentials


def find_credentials(settings: Settings) -> CredentialsResult:
    """Search every source for credentials, and repair keys and IDs in memory where possible.

    Invalid keys and IDs give findings. The texts of keys are registered with the redactor of this process.

    Raises:
        SettingsError: The key type or the service in the settings does not exist.
    """
    keys = read_keys(settings)
    key_ids = find_ids("key_id", keys, settings)
    issuer_ids = find_ids("issuer_id", keys, settings)
    key = keys[0] if keys else find_key_in_folders(normalize_id(key_ids[0].value), settings)
    service = SERVICES[settings.choice("service") or APP_STORE_CONNECT.name]
    in_house = (
        key.fastlane.in_house if key.fastlane else read_option(key.source, "IN_HOUSE", settings)[1] in TRUE_VALUES
    )
    configured_type = settings.choice("key_type") or ("enterprise" if in_house else service.key_type)
    key_file = key.file.name if key.file and not key.fastlane else None
    if service.takes_issuer_id:
        ids = read_ids(key_ids[0].value, issuer_ids[0].value, key_type=configured_type, key_file=key_file)
        issuer_id = ids.issuer_id
    else:
        ids = read_ids(key_ids[0].value, None, key_file=key_file)
        # Tokens for this service have no issuer ID, but the key can also sign tokens for App Store Connect.
        issuer_id = normalize_id(issuer_ids[0].value)
    kind = cast("KeyType", configured_type or ("individual" if ids.key_id and not ids.issuer_id else "team"))
    service_ids = find_service_ids(settings)

    source_names = {
        "key_id": key_ids[0].source or (key.source if ids.key_id else ""),
        "issuer_id": issuer_ids[0].source if ids.issuer_id else "",
        "private_key": key.source,
        **{name: service_ids[name].source for name in service.ids if name in service_ids},
    }
    sources = {name: source for name, source in source_names.items() if source}
    # A SubscriptionKey file suggests another service, unless the key files of this service have that name.
    ignored_causes = frozenset({"key-of-other-service"} if service.key_file == "SubscriptionKey" else ())
    id_findings = [finding for finding in ids.findings if finding.cause not in ignored_causes]
    findings = (
        *_root_causes(key, key_ids[0], [_with_source(finding, key_ids[0], issuer_ids[0]) for finding in id_findings]),
        *_missing_service_ids(service, service_ids),
        *option_conflicts(key.source, settings),
        *key_type_conflicts(key.source, key.fastlane, settings),
        *_exposure_finding(key, settings),
        *key_conflicts(keys, settings),
        *id_conflicts("key ID", key_ids, settings),
        *id_conflicts("issuer ID", issuer_ids, settings),
    )
    findings = _explain_missing(findings, ids.issuer_id, service, settings)
    if key.key is None or ids.key_id is None or best_error(findings):
        return CredentialsResult(None, findings, sources, ids.key_id, ids.issuer_id, kind)
    if kind == "individual" and configured_type is None:
        findings += _empty_issuer_note(settings)
    known = cast("ServiceIds", {name: value.value for name, value in service_ids.items()})
    credentials = Credentials(ids.key_id, issuer_id, kind, key.key, sources, known)
    return CredentialsResult(credentials, findings, sources, ids.key_id, ids.issuer_id, kind)


_ID_NAMES = {"team_id": "Team ID", "service_id": "Services ID", "bundle_id": "bundle ID"}
# The variables that would contain the missing value, by the cause of the finding.
_MISSING: Mapping[str, frozenset[str]] = {
    "credentials-missing": frozenset({"ASC_KEY_ID", "ASC_PRIVATE_KEY", "ASC_PRIVATE_KEY_PATH"}),
    "key-file-missing": frozenset({"ASC_PRIVATE_KEY", "ASC_PRIVATE_KEY_PATH"}),
    "key-empty": frozenset({"ASC_PRIVATE_KEY", "ASC_PRIVATE_KEY_PATH"}),
    "key-id-missing": frozenset({"ASC_KEY_ID"}),
    "issuer-id-missing": frozenset({"ASC_ISSUER_ID"}),
    "service-id-missing": frozenset({"ASC_TEAM_ID", "ASC_SERVICE_ID"}),
}


def _explain_missing(
    findings: tuple[Finding, ...], issuer_id: str | None, service: Service, settings: Settings
) -> tuple[Finding, ...]:
    """Replace the findings on missing values if a variable that is not read seems to contain them."""
    explained = {finding.cause for finding in findings if finding.cause in _MISSING}
    missing = frozenset().union(*(_MISSING[cause] for cause in explained))
    if explained and (unread := unread_finding(settings.environ, missing)):
        return (unread, *(finding for finding in findings if finding.cause not in explained))
    if issuer_id is None and service.takes_issuer_id and not settings.get("key_type") and not best_error(findings):
        # Without an issuer ID, the key would be treated as an individual key.
        unread = unread_finding(settings.environ, _MISSING["issuer-id-missing"])
        if unread and "ISSUER" in unread.evidence:
            return (*findings, replace(unread, level="warning"))
    return findings


def _root_causes(key: KeySource, key_id: SettingValue, ids: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings on the key and the IDs, without those that follow from another finding."""
    if key.opened:
        return (*key.findings, *ids)
    consequences = {"issuer-id-missing"} if key_id.value else {"issuer-id-missing", "key-id-missing"}
    id_findings = tuple(finding for finding in ids if finding.cause not in consequences)
    # The key folders were searched with a wrong key ID, which explains the missing key.
    return id_findings if not key.source and key_id.value and best_error(id_findings) else (*key.findings, *id_findings)


def _with_source(finding: Finding, key_id: SettingValue, issuer_id: SettingValue) -> Finding:
    sources = {"key-id-": key_id.source, "issuer-id-": issuer_id.source}
    source = next((source for start, source in sources.items() if finding.cause.startswith(start)), "")
    return replace(finding, evidence=f"{source}: {finding.evidence}") if source else finding


def _exposure_finding(key: KeySource, settings: Settings) -> tuple[Finding, ...]:
    finding = (
        key_files.check_exposure(key.file, key_files.display_path(key.file, settings)) if key.key and key.file else None
    )
    return (finding,) if finding else ()


def _empty_issuer_note(settings: Settings) -> tuple[Finding, ...]:
    empty = [value.source for value in settings.all("issuer_id")]
    are = "are" if len(empty) > 1 else "is"
    evidence = f"{', '.join(empty)} {are} set but empty, so the key is treated as an individual key"
    return (make_finding("issuer-id-missing", evidence, level="note"),) if empty else ()


def _missing_service_ids(service: Service, known: Mapping[str, SettingValue]) -> Iterator[Finding]:
    for name in service.ids:
        if not known.get(name) and name in BY_NAME:
            setting = BY_NAME[name]
            names = join_or((setting.flag, setting.ini, *setting.env))
            evidence = f"tokens for {service.title} contain the {_ID_NAMES[name]}, but it is not set in {names}"
            yield make_finding("service-id-missing", evidence)
