"""What the forecast of the day and the month goes by (DOMAIN §11): how far it looks back, and from when on it says anything."""

from pydantic import Field

from schemas.floor.strict import Share, Strict


class Forecasting(Strict):
    lag_days: int = Field(90, ge=7, description="waiting for a payment is learned from invoices of so many days")
    pace_days: int = Field(30, ge=7, description="pace of invoices and the mean payment are those of so many days")
    min_invoices: int = Field(10, ge=1, description="fewer recent invoices give no pace")
    min_paid: int = Field(10, ge=1, description="fewer paid invoices tell nothing of how long they wait")
    min_linked_share: Share = Field(0.5, description="of payments that name their invoice; else open ones may be paid")
    min_payments: int = Field(10, ge=1, description="fewer recent payments give no mean amount")
    record_days: int = Field(20, ge=5, description="working days its own record of the day looks back on")
    record_months: int = Field(12, ge=1, description="finished months its own record looks back on")
