"""A real Alertmanager: what fires is there, stays while it is told again, goes by itself, and ends when it ends."""

import asyncio
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from services.alerts.notifiers.alertmanager import Alertmanager
from services.alerts.notifiers.base import Reference, Refused
from services.alerts.wording import render
from services.local.ports import free_port
from tests.services.alerts.payloads import LINE, SLICE, but
from tests.support.waiting import eventually

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="Alertmanager is not installed: apt-get install prometheus-alertmanager"
)
REFERENCE = Reference("a-1", 0)


@pytest.fixture
async def url(tmp_path):
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    port = free_port()
    found = f"http://127.0.0.1:{port}"
    command = [PROGRAM, f"--config.file={config}", f"--storage.path={tmp_path}", "--cluster.listen-address="]
    running = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.DEVNULL)

    async def ready():
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{found}/-/ready")).status_code == 200
        except httpx.HTTPError:
            return False

    await eventually(ready, "Alertmanager to be ready")
    yield found
    running.terminate()
    running.wait(10)


async def firing(url):
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{url}/api/v2/alerts")).json()


def fresh(**more):
    return render(but(LINE, fired_at=(datetime.now(UTC) - timedelta(minutes=5)).isoformat(), **more))


async def test_fires_and_ends(url):
    """One alert with our labels; changed texts are the same alert; the end takes it away."""
    found = Alertmanager(url, timeout_s=5, lives_s=60)
    await found.post("", fresh(), REFERENCE)
    await found.post("", fresh(state="acknowledged", owner="Анна"), Reference("a-1", 1))
    (alert,) = await firing(url)
    assert alert["labels"] == {"alertname": "SrezOutage", "srez_alert": "a-1", "scope": "line:pbx/trunk-b"}
    assert alert["annotations"]["owner"] == "Анна"
    over = datetime.now(UTC).isoformat()
    await found.post("", fresh(state="resolved", resolved_at=over, last_failure=over), Reference("a-1", 2))
    assert await firing(url) == []
    await found.close()


async def test_lives_while_it_is_told_again(url):
    """Posted again in time it stays; left alone it goes."""
    found = Alertmanager(url, timeout_s=5, lives_s=2)
    for _ in range(4):
        await found.post("", fresh(), REFERENCE)
        await asyncio.sleep(0.8)
        assert len(await firing(url)) == 1

    async def gone():
        return await firing(url) == []

    await eventually(gone, "the alert to end by itself")
    await found.close()


async def test_takes_alerts_only(url):
    """A slice is no alert."""
    found = Alertmanager(url, timeout_s=5, lives_s=60)
    with pytest.raises(Refused, match="alerts only"):
        await found.post("", render(SLICE), REFERENCE)
    await found.close()
