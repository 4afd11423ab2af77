"""Keys and IDs as people stored them in files, secrets and variables.

They are taken from the threads themselves; a generated key replaces the one that was blacked out.
"""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from real_cases.evidence import BODY, ISSUER, KEY, KEY_ID, P8, TEAM_ID, Case, Stored, asc, b64, fastlane

ESCAPED = P8.replace("\n", "\\n")
P12 = pkcs12.serialize_key_and_certificates(b"key", KEY, None, None, BestAvailableEncryption(b"secret"))
INDENTED = "\n".join(f"        {line}" for line in P8.splitlines())
COMMENTED = (
    f'{{"key_id": "{KEY_ID}", "key": "{ESCAPED}", "duration": 1200, # optional (maximum 1200)\n"in_house": false}}'
)

CASES = (
    # The key.
    Case(
        "fastlane/fastlane#17322",
        "a variable whose line breaks are a backslash and an n",
        fastlane(KEY=ESCAPED),
        ("key-newlines-lost",),
        "line breaks written as \\n",
    ),
    Case(
        "fastlane/fastlane#18098",
        "line breaks that were escaped twice, for which OpenSSL says: invalid curve name",
        fastlane(KEY=P8.replace("\n", "\\\\n")),
        ("key-newlines-lost",),
    ),
    Case(
        "AudiusProject/apps#14560",
        "a secret store that took the line breaks away, and notarytool's invalidPEMDocument",
        fastlane(KEY=P8.replace("\n", "")),
        ("key-newlines-lost",),
        "line count 1, expected 5",
    ),
    Case(
        "microsoft/app-store-vsts-extension#218",
        "the key typed into one line, with a hyphen short at its end",
        asc(ASC_PRIVATE_KEY=f"-----BEGIN PRIVATE KEY-----{BODY}-----END PRIVATE KEY----"),
        ("key-pem-lines-missing", "key-newlines-lost"),
        "do not have five hyphens",
    ),
    Case(
        "microsoft/app-store-vsts-extension#383",
        "base64 of a key whose line breaks had been escaped before",
        asc(ASC_PRIVATE_KEY=b64(f"-----BEGIN PRIVATE KEY-----\\n{BODY}\\n-----END PRIVATE KEY-----")),
        ("key-base64-encoded", "key-newlines-lost"),
    ),
    Case(
        "microsoft/app-store-vsts-extension#168",
        "base64 of a key with its END line twice on one line, as an example had shown it",
        asc(ASC_PRIVATE_KEY=b64(f"{P8.rstrip()}----END PRIVATE KEY-----")),
        ("key-base64-encoded", "key-pem-lines-missing", "key-newlines-lost"),
    ),
    Case(
        "codemagic-ci-cd/cli-tools#296",
        "base64 where the key itself was asked for",
        Stored(
            {
                "APP_STORE_CONNECT_KEY_IDENTIFIER": KEY_ID,
                "APP_STORE_CONNECT_ISSUER_ID": ISSUER,
                "APP_STORE_CONNECT_PRIVATE_KEY": b64(P8),
            }
        ),
        ("key-base64-encoded",),
    ),
    Case(
        "codemagic-ci-cd/cli-tools#138",
        "a key without its BEGIN and END lines",
        asc(ASC_PRIVATE_KEY=BODY),
        ("key-pem-lines-missing",),
    ),
    Case(
        "home-assistant/core#101434",
        "a WeatherKit key in a form's field, which keeps neither BEGIN and END nor line breaks",
        asc(
            ASC_SERVICE="weatherkit",
            ASC_TEAM_ID=TEAM_ID,
            ASC_SERVICE_ID="com.example.weather",
            ASC_PRIVATE_KEY=" ".join(P8.splitlines()[1:-1]),
        ),
        ("key-pem-lines-missing",),
    ),
    Case(
        "AvdLee/appstoreconnect-swift-sdk#273",
        "a key in a text of several lines, indented as the code around it",
        asc(ASC_PRIVATE_KEY=INDENTED),
        ("key-indented",),
        "lines with leading whitespace",
    ),
    Case(
        "stablyai/orca#5477",
        "base64 where base64 is asked for: all is well",
        Stored({"ASC_KEY_ID": KEY_ID, "ASC_ISSUER_ID": ISSUER, "ASC_PRIVATE_KEY_B64": b64(P8)}),
        (),
    ),
    Case(
        "fastlane/fastlane#21699",
        "fastlane's JSON with the comments of its documentation",
        Stored({"APP_STORE_CONNECT_API_KEY_PATH": "key.json"}, {"key.json": COMMENTED}),
        ("key-unparsable",),
        "it is not valid JSON",
    ),
    Case(
        "fastlane/fastlane#20798",
        "fastlane's JSON with the path of the key in place of the key",
        Stored(
            {"APP_STORE_CONNECT_API_KEY_PATH": "key.json"},
            {"key.json": json.dumps({"key_id": KEY_ID, "issuer_id": ISSUER, "filepath": f"AuthKey_{KEY_ID}.p8"})},
        ),
        ("key-unparsable",),
        "the field key is missing",
    ),
    Case(
        "fastlane/fastlane#21109",
        "the .p12 of a certificate, taken for the key to sign tokens with",
        asc(ASC_PRIVATE_KEY=b64(P12)),
        ("key-is-pkcs12",),
    ),
    Case(
        "Apple-Actions/upload-testflight-build#48",
        "a path to a file that the step before had not written",
        asc(ASC_PRIVATE_KEY_PATH=f"~/private_keys/AuthKey_{KEY_ID}.p8", ASC_PRIVATE_KEY=""),
        ("key-file-missing",),
        "private_keys",
    ),
    Case(
        "ai-ecoverse/slicc#576",
        "the key in a temporary folder, where altool does not look",
        Stored({"ASC_KEY_ID": KEY_ID, "ASC_ISSUER_ID": ISSUER}, {f"tmp/AuthKey_{KEY_ID}.p8": P8}),
        ("key-file-missing",),
        "private_keys",
    ),
    Case(
        "StoDevX/AAO-React-Native#5097",
        "a pull request of Dependabot, for which the secret is set and empty",
        asc(ASC_PRIVATE_KEY=""),
        ("key-empty",),
        "Dependabot",
    ),
    # The IDs.
    Case(
        "fastlane/fastlane#29985",
        "a newline behind the key ID, which no terminal shows",
        fastlane(KEY_ID=f"{KEY_ID}\n"),
        ("key-id-whitespace",),
        "length 11, expected 10",
    ),
    Case(
        "YosemiteCrew/Yosemite-Crew#2335",
        "newlines behind both ids, which CI masks with the values",
        asc(ASC_KEY_ID=f"{KEY_ID}\n", ASC_ISSUER_ID=f"{ISSUER}\n"),
        ("key-id-whitespace", "issuer-id-whitespace"),
        "length 37, expected 36",
    ),
    Case(
        "fastlane/fastlane#21109",
        "double quotes round both ids in GitHub's secrets",
        fastlane(KEY_ID=f'"{KEY_ID}"', ISSUER_ID=f'"{ISSUER}"'),
        ("key-id-quoted", "issuer-id-quoted"),
    ),
    Case(
        "rorkai/App-Store-Connect-CLI#2116",
        "key ID and issuer ID in each other's place",
        asc(ASC_KEY_ID=ISSUER, ASC_ISSUER_ID=KEY_ID),
        ("ids-swapped",),
        "Swap the two values.",
    ),
    Case(
        "rorkai/App-Store-Connect-CLI#2116",
        "a UUID for the key ID and an issuer ID that is neither: a reviewer's objection",
        asc(ASC_KEY_ID=ISSUER, ASC_ISSUER_ID="issuer-uuid"),
        ("ids-swapped",),
        "AuthKey_<key ID>.p8",
    ),
    Case(
        "Ponytech/appstoreconnectapi#65",
        "all three arguments one place off",
        asc(ASC_KEY_ID=ISSUER, ASC_PRIVATE_KEY=KEY_ID, ASC_ISSUER_ID=P8),
        ("key-unparsable", "ids-swapped"),
    ),
    Case(
        "bitrise-steplib/steps-ios-auto-provision-appstoreconnect#12",
        "a team key without the issuer ID",
        asc(ASC_KEY_TYPE="team", ASC_ISSUER_ID=""),
        ("issuer-id-missing",),
        "team",
    ),
    Case(
        "AndrewBarba/apns2#4",
        "a key of APNs without a key ID: its file's name tells both",
        Stored(
            {"ASC_ISSUER_ID": ISSUER, "ASC_PRIVATE_KEY_PATH": f"APNSAuthKey_{KEY_ID}.p8"},
            {f"APNSAuthKey_{KEY_ID}.p8": P8},
        ),
        ("key-of-other-service",),
        "APNs",
    ),
    Case(
        "apple/app-store-server-library-java#131",
        "the right file with the key ID of another key",
        asc(ASC_KEY_ID="9QWERTY123", ASC_PRIVATE_KEY_PATH=f"AuthKey_{KEY_ID}.p8", ASC_PRIVATE_KEY="")._replace(
            files={f"AuthKey_{KEY_ID}.p8": P8}
        ),
        ("key-id-file-mismatch",),
    ),
    Case(
        "Qonversion's documentation",
        "the key of In-App Purchase for App Store Connect (known from a summary)",
        asc(ASC_PRIVATE_KEY_PATH=f"SubscriptionKey_{KEY_ID}.p8", ASC_PRIVATE_KEY="")._replace(
            files={f"SubscriptionKey_{KEY_ID}.p8": P8}
        ),
        ("key-of-other-service",),
    ),
    Case(
        "rorkai/App-Store-Connect-CLI#1634",
        "a key that is said to be individual, and an issuer ID that was left in the environment",
        asc(ASC_KEY_TYPE="individual"),
        ("individual-key-as-team",),
        "is ignored",
    ),
    Case(
        "rorkai/App-Store-Connect-CLI#1633",
        "an individual key, which has no issuer ID: all is well",
        Stored({"ASC_KEY_ID": KEY_ID, "ASC_PRIVATE_KEY": P8}),
        (),
    ),
)
