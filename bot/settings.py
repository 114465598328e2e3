"""The settings, from the environment or `.env`."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import SecretStr, ValidationError, field_validator
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
    timezone: str = "Asia/Shanghai"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no such time zone: {name}") from error
        return name

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
