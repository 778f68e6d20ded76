"""The wallet that is a folder, and the names of files a learner takes home."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..domain.credential import DeliveryReceipt, VerifiableCredential
from ..domain.errors import WalletUnreachable


@dataclass(frozen=True, kw_only=True)
class FileWallet:
    """Keeps each credential as one file; the reference implementation of ``Wallet``."""

    folder: Path

    def deliver(self, credential: VerifiableCredential, *, now: datetime) -> DeliveryReceipt:
        """Write ``credential`` whole or not at all; a second time replaces the first."""
        path = self.folder / file_name(credential)
        created = not path.exists()
        try:
            with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
                file.write(credential.content)
            os.replace(file.name, path)
        except OSError as error:
            raise WalletUnreachable("The folder cannot be written.", code="wallet-folder") from error
        return DeliveryReceipt(credential_id=credential.id, wallet="file", at=now, created=created, location=path.name)


def file_name(credential: VerifiableCredential) -> str:
    """A stable name that says nothing about the learner: digest of the id, form and extension."""
    digest = hashlib.sha256(credential.id.encode("utf-8")).hexdigest()[:16]
    return f"{digest}.{credential.format.value}.{credential.extension}"
