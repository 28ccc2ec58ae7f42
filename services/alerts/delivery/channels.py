"""The notifiers of the floor's channels; rebuilt when a new floor is applied. One that cannot be used says why."""

from schemas.floor import Floor
from services.alerts.notifiers import CONSOLE, Making, make
from services.alerts.notifiers.base import Notifier
from services.kit import logs
from services.kit.errors import Misconfigured


class Channels:
    def __init__(self, making: Making) -> None:
        self._making = making
        self._made: dict[str, tuple[object, Notifier | str]] = {}

    async def follow(self, floor: Floor) -> None:
        """Build what is new or changed, close what is gone."""
        wanted = {channel.id: channel for channel in (*floor.notify.channels, CONSOLE)}
        for name in [name for name, (channel, _) in self._made.items() if wanted.get(name) != channel]:
            _, old = self._made.pop(name)
            if not isinstance(old, str):
                await old.close()
        for name, channel in wanted.items():
            if name in self._made:
                continue
            try:
                self._made[name] = (channel, make(channel, self._making))
            except Misconfigured as error:
                logs.get().error("a channel cannot be used", reason=str(error))
                self._made[name] = (channel, str(error))

    def of(self, name: str) -> Notifier | str:
        """The notifier, or why there is none."""
        found = self._made.get(name)
        return found[1] if found else f"channel {name} is not in the floor file"

    def unusable(self) -> dict[str, str]:
        return {name: made for name, (_, made) in self._made.items() if isinstance(made, str)}

    async def close(self) -> None:
        for _, made in self._made.values():
            if not isinstance(made, str):
                await made.close()
        self._made.clear()
