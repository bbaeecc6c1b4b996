"""All routes of GPT-SoVITS's dialects."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter

from deployments.http.gpt_sovits.api_v2 import api_v2_routes
from deployments.http.gpt_sovits.choosing import choosing_routes
from deployments.http.gpt_sovits.control import control_routes
from deployments.http.gpt_sovits.gsvi import gsvi_routes
from deployments.http.gpt_sovits.listing import listing_routes
from deployments.http.gpt_sovits.root import root_routes
from deployments.http.gpt_sovits.speaking import Speaking
from deployments.http.service import Service


def gpt_sovits_routes(service: Service, page: Path) -> APIRouter:
    """Return the routes.

    Args:
        service: what answers them.
        page: the file that a browser gets at `/`.
    """
    speaking, router = Speaking(service), APIRouter()
    for routes in (
        api_v2_routes(speaking),
        root_routes(speaking, page),
        choosing_routes(speaking),
        gsvi_routes(speaking),
        listing_routes(service),
        control_routes(service),
    ):
        router.routes.extend(routes.routes)
    return router
