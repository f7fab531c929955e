"""Which proxy the environment names for an address."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

SPOKEN: Final = ("http", "https")
"""Kinds of proxies that aiohttp can ask."""


def proxy_for(url: str) -> httpx2.Proxy | None:
    """The proxy that `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` amount to.

    Its address and its password are apart, since an address is quoted in messages.

    Raises:
        ValueError: What is named is no address, or a proxy of another kind.
    """
    parts = urlsplit(url)
    named = getproxies()
    address = named.get(parts.scheme) or named.get("all")
    excepted = named.get("no", "")
    if not address or proxy_bypass(parts.netloc) or _in_network(parts.hostname, excepted):
        return None
    address = address if "://" in address else f"http://{address}"
    kind = address.partition("://")[0].lower()
    if kind not in SPOKEN:
        raise ValueError(f"the proxy is of kind '{kind}': only http and https are spoken")
    try:
        proxy = httpx2.Proxy(address)
    except httpx2.InvalidURL:  # not quoted, since it may hold a password
        proxy = None
    if proxy is None or not proxy.url.host:
        raise ValueError("the proxy's address is none: write http://HOST:PORT")
    return proxy


def _in_network(host: str | None, excepted: str) -> bool:
    """True if `no_proxy` names a network, as 10.0.0.0/8, that the host is in."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return False
    networks = [network for item in excepted.split(",") if (network := _network(item.strip()))]
    return any(address in network for network in networks)


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
