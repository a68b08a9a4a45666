"""Imported key material."""

from __future__ import annotations

from kmstui.aws.api.base import ApiBase
from kmstui.aws.calls import Response
from kmstui.aws.calls import operations as op
from kmstui.model import ImportParameters, MaterialImport


class KeyMaterialApi(ApiBase):
    """Wrapping keys, imports, deletions."""

    async def import_parameters(
        self, key_id: str, algorithm: str, wrapping_spec: str
    ) -> ImportParameters:
        params = {
            "KeyId": key_id,
            "WrappingAlgorithm": algorithm,
            "WrappingKeySpec": wrapping_spec,
        }
        return await self._calls.send(op.GET_PARAMETERS_FOR_IMPORT, params, _parameters)

    async def import_material(self, key_id: str, wanted: MaterialImport) -> str:
        expires = wanted.valid_to is not None
        params = {
            "KeyId": key_id,
            "ImportToken": wanted.token,
            "EncryptedKeyMaterial": wanted.wrapped,
            "ExpirationModel": f"KEY_MATERIAL_{'EXPIRES' if expires else 'DOES_NOT_EXPIRE'}",
            "ValidTo": wanted.valid_to,
            "ImportType": wanted.type or None,
            "KeyMaterialDescription": wanted.description,
        }
        return await self._calls.send(
            op.IMPORT_KEY_MATERIAL, params, lambda answer: answer.optional_text("KeyMaterialId")
        )

    async def delete_material(self, key_id: str, material_id: str = "") -> None:
        await self._change(
            op.DELETE_IMPORTED_KEY_MATERIAL, KeyId=key_id, KeyMaterialId=material_id or None
        )


def _parameters(response: Response) -> ImportParameters:
    return ImportParameters(
        response.blob("PublicKey"),
        response.blob("ImportToken"),
        response.optional_time("ParametersValidTo"),
    )
