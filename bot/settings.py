"""The settings, from the environment or `.env`."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.problem import Problem


class Settings(BaseSettings):
    """Every setting of the program; `.env.example` explains them one by one."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    telegram_token: SecretStr | None = None
    telegram_api_url: str = "https://api.telegram.org"
    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    web_host: str = "127.0.0.1"
    web_port: int = 8080
    data_dir: Path = Path("data")
    database_url: SecretStr | None = None
    chroma_url: str | None = None
    embedding_api_url: str | None = None
    embedding_model: str | None = None
    embedding_api_key: SecretStr | None = None
    llm_model: str | None = None
    llm_api_url: str | None = None
    llm_api_key: SecretStr | None = None
    staff_ids: str = ""
    messages_per_second: float = Field(default=30, gt=0, le=1000)
    reminder_days: str = "7,3,1"
    reminder_hour: int = Field(default=9, ge=0, le=23)
    approval_above: int = Field(default=100, ge=0)
    quiet_hours: str = "22-8"
    timezone: str = "Asia/Shanghai"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no such time zone: {name}") from error
        return name

    @field_validator("reminder_days")
    @classmethod
    def _whole_days(cls, days: str) -> str:
        if not re.fullmatch(r"\d{1,3}(,\s*\d{1,3})*", days):
            raise ValueError("days before, such as 7,3,1")
        return days

    @field_validator("quiet_hours")
    @classmethod
    def _two_hours(cls, hours: str) -> str:
        match = re.fullmatch(r"(\d{1,2})-(\d{1,2})", hours)
        if hours and (not match or max(map(int, match.groups())) > 23):
            raise ValueError("two hours, such as 22-8, or nothing")
        return hours

    @property
    def reminder_offsets(self) -> tuple[int, ...]:
        """How many days before a deadline people are reminded."""
        return tuple(sorted({int(day) for day in self.reminder_days.split(",")}))

    @property
    def quiet(self) -> tuple[int, int] | None:
        """From which hour to which no broadcast begins."""
        start, _, end = self.quiet_hours.partition("-")
        return (int(start), int(end)) if self.quiet_hours else None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def added_regulations(self) -> Path:
        """Where regulations that `regulations add` took in are kept."""
        return self.data_dir / "regulations"

    @property
    def files(self) -> Path:
        """Where files for chats wait to be sent: a folder a channel, in it one a chat."""
        return self.data_dir / "files"

    @property
    def database(self) -> str:
        """The database's URL with an async driver; a file in `data_dir` by default."""
        if self.database_url is None:
            return f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'bot.db'}"
        url = self.database_url.get_secret_value()
        for prefix in ("postgres://", "postgresql://"):
            if url.startswith(prefix):
                return "postgresql+asyncpg://" + url.removeprefix(prefix)
        return url.replace("sqlite://", "sqlite+aiosqlite://", 1)

    @property
    def staff(self) -> frozenset[str]:
        """The chats of staff."""
        return frozenset(part.strip() for part in self.staff_ids.split(",") if part.strip())


def load_settings() -> Settings:
    """Reads the settings and makes sure that the data folder is there.

    Raises:
        Problem: a setting has a value that cannot be used; the line names it.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "?"
        raise Problem(f"设置 {name} 的值不能用：{first['msg']}") from error
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"设置 DATA_DIR：{settings.data_dir} 不能用（{error.strerror}）") from error
    return settings
