"""The page `/docs`: Swagger UI with the OpenAPI document. It loads nothing from another host."""

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

router = APIRouter(include_in_schema=False)

_FOLDER = Path(fastapi_offline.__file__).parent / "static"
"""The files of Swagger UI come with this package; nothing else of it is used."""
_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; style-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": _POLICY}
_KEPT = {"Cache-Control": "public, max-age=3600"}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Adrelay: REST interface</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript; the document is <a href="openapi.json">openapi.json</a>.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  validatorUrl: null,
});
"""


@router.get("/docs")
async def show_documentation() -> Response:
    """Return the page."""
    return HTMLResponse(_PAGE, headers=_HEADERS)


@router.get("/docs/start.js")
async def get_start_script() -> Response:
    """Return the script that starts Swagger UI."""
    return Response(_START, media_type="text/javascript", headers=_KEPT)


@router.get("/docs/swagger-ui-bundle.js")
async def get_swagger_script() -> Response:
    """Return Swagger UI's script."""
    return FileResponse(_FOLDER / "swagger-ui-bundle.js", media_type="text/javascript", headers=_KEPT)


@router.get("/docs/swagger-ui.css")
async def get_swagger_style() -> Response:
    """Return Swagger UI's style sheet."""
    return FileResponse(_FOLDER / "swagger-ui.css", media_type="text/css", headers=_KEPT)
