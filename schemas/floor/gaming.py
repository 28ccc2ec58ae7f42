"""When a habit of an agent is worth a look (DOMAIN §12). Never a verdict: each has an innocent explanation."""

from pydantic import Field

from schemas.floor.strict import Share, Strict


class Gaming(Strict):
    """Counts are of the last ``days`` working days."""

    days: int = Field(20, ge=1, le=60)
    sure: Share = Field(0.95, description="P that a share lies above its limit")
    pile_width_s: int = Field(30, ge=1, description="just above: from the long-call limit up to so many seconds more")
    pile_p: float = Field(1e-3, gt=0, lt=1)
    pile_min: int = Field(8, ge=1)
    same_number_per_day: int = Field(10, ge=2, description="so many calls to one number in one day")
    quick_s: int = Field(10, ge=1, description="answered calls shorter than this are quick")
    quick_share: Share = 0.30
    quick_min: int = Field(30, ge=1, description="answered calls to judge by")
    unheard_within_s: int = Field(7200, ge=60, description="a presentation follows a talk within so many seconds")
    unheard_share: Share = 0.30
    late_mark_s: int = Field(14400, ge=60, description="marked so many seconds after its call is late")
    late_share: Share = 0.30
    marks_min: int = Field(8, ge=1, description="presentations to judge by")
    unpaid_after_days: int = Field(30, ge=1, description="an invoice older than this should be paid")
    unpaid_below: Share = Field(0.5, description="the share of the colleagues' rate of paid invoices")
    invoices_min: int = Field(10, ge=1)
