"""Where a call comes from, as limits count it."""

import ipaddress

from allauth.account.adapter import get_adapter
from allauth.core.internal.ratelimit import truncate_ip
from django.http import HttpRequest


def unwrapped(ip: str) -> str:
    """An IPv4 address in its own form where it comes wrapped into IPv6, as dual-stack sockets do.

    Wrapped ones all lie in one network, and would be counted as one caller.
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(inner or ip)


def counted_as(ip: str) -> str:
    """Of IPv6 the network: one household has as many addresses as it likes."""
    return str(truncate_ip(unwrapped(ip)))


def network_of(request: HttpRequest) -> str:
    """Where a request comes from, as limits count it."""
    return counted_as(get_adapter().get_client_ip(request))
