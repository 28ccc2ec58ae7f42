"""Invoices and payments of the last days, as the month's forecast needs them: grouped, open ones with their age.

A payment belongs to the invoice it names; one that names none, to the invoice of its deal. Whose invoice it was decides
whose payment is awaited; refunds are not counted as payments (docs/decisions/0023-payments-of-the-month.md).
"""

from datetime import date as Date

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import queries
from schemas.floor import Floor
from services.reads.kept import Kept, key_of
from services.rules.money import books
from services.rules.money.books import Books
from services.rules.path_rows import EVER


async def of_days(connection: AsyncConnection, kept: Kept, floor: Floor, last: Date) -> Books:
    """Up to the end of *last*, from as long before as the forecast looks back; as they are known now."""
    given = books.arguments(floor, last, EVER, EVER)

    async def make() -> Books:
        # Months of money are joined with themselves: within the usual 4 MB that goes by way of the disk.
        await connection.exec_driver_sql("SET LOCAL work_mem = '32MB'")
        issued = await connection.exec_driver_sql(queries.INVOICES_OF_DAYS, given)
        paid = await connection.exec_driver_sql(queries.PAYMENTS_OF_DAYS, given)
        return books.of_rows(issued, paid)

    first = books.first_day(floor, last)
    return await kept.of_span(
        *(connection, key_of("books", given), first, last, make),
        of=("facts",),
        rows=lambda made: len(made.invoices) + len(made.payments),
    )
