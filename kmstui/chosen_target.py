"""From the settings to what is connected to: one connection, or several."""

from __future__ import annotations

from kmstui.config import Settings, with_set
from kmstui.config_values import ConfigError
from kmstui.service.ports import Target


def target_of(settings: Settings, region_from: str) -> Target:
    """What the settings lead to.

    Raises:
        ConfigError: there is no such set; or one URL, which leads to one Region, and several.
    """
    chosen = with_set(settings)
    target = Target(
        chosen.profile,
        chosen.region,
        chosen.endpoint_url,
        region_from,
        chosen.role,
        chosen.accounts,
    )
    if target.endpoint_url and (target.region == "all" or "," in target.region):
        raise ConfigError(
            f"The endpoint {target.endpoint_url} is that of one Region, and several are named:"
            " leave out --endpoint-url, or name one Region."
        )
    return target
