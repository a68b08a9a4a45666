"""KMS's error codes of imported key material and of custom key stores.

Source: the errors of ImportKeyMaterial, GetParametersForImport, ConnectCustomKeyStore and CreateKey
in the KMS API Reference.
"""

from __future__ import annotations

from kmstui.aws.calls.call_context import Explanation
from kmstui.service.errors import InvalidInputError, InvalidStateError, NotFoundError

_OUTSIDE = "Correct it where that key store is managed, then try again."

MATERIAL_CODES: tuple[tuple[Explanation, tuple[str, ...]], ...] = (
    (
        Explanation(
            InvalidInputError,
            "the wrapped key material cannot be unwrapped: {said}",
            "Wrap it anew, with the wrapping key and the algorithm that belong to this import "
            "token.",
        ),
        ("InvalidCiphertextException",),
    ),
    (
        Explanation(
            InvalidInputError,
            "{said}",
            "Check the file, and whether it is the material that the key had before or a new one; "
            "nothing was changed.",
        ),
        ("IncorrectKeyMaterialException",),
    ),
    (
        Explanation(
            InvalidInputError,
            "{said}",
            "Fetch a new wrapping key and import token, and wrap the material anew: they belong "
            "together, and are good for 24 hours.",
        ),
        ("InvalidImportTokenException", "ExpiredImportTokenException"),
    ),
    (
        Explanation(
            NotFoundError, "{said}", "Read the custom key stores again{ (r in their list)|}."
        ),
        ("CustomKeyStoreNotFoundException",),
    ),
    (
        Explanation(
            InvalidStateError,
            "{said}",
            "A store that FAILED must be disconnected before it is connected again, and keys are "
            "made in a CONNECTED one alone.",
        ),
        ("CustomKeyStoreInvalidStateException",),
    ),
    (
        Explanation(InvalidStateError, "{said}", _OUTSIDE),
        ("CloudHsmClusterNotActiveException", "CloudHsmClusterInvalidConfigurationException"),
    ),
    (
        Explanation(
            InvalidInputError,
            "{said}",
            "Name the ID that the external key store proxy has for an existing AES-256 key; each "
            "KMS key needs another one.",
        ),
        (
            "XksKeyNotFoundException",
            "XksKeyAlreadyInUseException",
            "XksKeyInvalidConfigurationException",
        ),
    ),
)
