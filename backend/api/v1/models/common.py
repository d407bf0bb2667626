"""What the models of all resources share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Generic, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from backend.domain.money import LARGEST_AMOUNT

Entry = TypeVar("Entry")


class Given(BaseModel):
    """A body that a caller sends: a field that is not documented is refused, so that a typing error is noticed."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """What is shown of something."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def read(cls, found: object, **others: object) -> Self:
        """Each field is the attribute of its name, but for `others`."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields if name not in others}, **others)


class Page(BaseModel, Generic[Entry]):
    """One page of a list. `next_cursor` leads to the next page; null on the last one."""

    data: list[Entry]
    next_cursor: str | None = None
    note: str = Field("", description="What the list leaves out, if anything.")


def _as_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_as_utc)]
Amount = Annotated[int, Field(strict=True, ge=0, le=LARGEST_AMOUNT, description="In minor units, such as cents.")]
Text = Annotated[str, Field(max_length=255)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217; the one currency of the shop.")]
Country = Annotated[str, Field(pattern="^([A-Za-z]{2})?$", description="ISO 3166, two letters.")]
Address = Annotated[str, Field(max_length=320, description="An email address.")]
