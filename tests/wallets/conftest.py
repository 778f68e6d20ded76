"""The loopback host, and a transport that may speak to it."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from microcred_xblock.wallets.base import place
from microcred_xblock.wallets.transport import Policy, Transport

from .host import Host


@pytest.fixture
def host():
    """A running wallet host."""
    with Host() as running:
        yield running


def _to(host, **seconds):
    return Transport(
        Policy(hosts=frozenset({place(host.url)}), allow_loopback_http=True, max_bytes=100_000, **seconds)
    )


@pytest.fixture
def transport(host):
    """A transport allowed to speak to ``host`` only; patient, since a busy machine may take a second to answer."""
    return _to(host, connect_timeout=5, read_timeout=5, total_timeout=10)


@pytest.fixture
def hasty(host):
    """The same with short limits, for hosts that do not answer in time."""
    return _to(host, connect_timeout=0.5, read_timeout=0.4, total_timeout=0.9)


@pytest.fixture
def tls_host(tmp_path):
    """A function that starts the host behind a certificate for given names, and gives its port and that certificate."""
    started = []

    def start(*names, days=1):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        now = datetime.now(UTC)
        kinds = [
            x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
        ]
        certificate = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - timedelta(days=9)).not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName(kinds), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = tmp_path / "certificate.pem"
        pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private = tmp_path / "private.pem"
        private.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ))
        host = Host()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, private)
        host.server.socket = context.wrap_socket(host.server.socket, server_side=True)
        started.append(host)
        host.__enter__()
        return host, host.server.server_address[1], str(pem)

    yield start
    for host in started:
        host.__exit__()
