"""``Imsx_StatusInfo``, the one form of every error of the Open Badges 3.0 API, and the errors themselves."""

from __future__ import annotations

from django.http import JsonResponse

# HTTP status: imsx_codeMinorFieldValue (Open Badges 3.0 OpenAPI)
_MINOR = {
    400: "invalid_data",
    401: "unauthorizedrequest",
    403: "forbidden",
    404: "not_found",
    405: "not_allowed",
    406: "not_acceptable",
    413: "invalid_data",
    415: "invalid_data",
    500: "internal_server_error",
}


class ApiError(Exception):
    """An API call that gets an ``Imsx_StatusInfo``. ``description`` is English and holds no personal data."""

    def __init__(
        self, status: int, description: str, *, minor: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.minor = minor or _MINOR[status]
        self.headers = headers or {}

    def response(self) -> JsonResponse:
        """The answer."""
        body = {
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_description": self.description,
            "imsx_codeMinor": {
                "imsx_codeMinorField": [
                    {"imsx_codeMinorFieldName": "demo-wallet", "imsx_codeMinorFieldValue": self.minor}
                ]
            },
        }
        return JsonResponse(body, status=self.status, headers=self.headers)
