"""Comma-separated tables: customers in, the ledger out. Neither side ever carries a spreadsheet formula."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from dsn.owner.errors import OwnerError
from dsn.owner.names import customer_name

LARGEST_TABLE = 1_000_000  # bytes
MOST_CUSTOMERS = 10_000
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what makes a spreadsheet compute a cell (OWASP, CSV injection)


def read_customers(path: Path) -> list[str]:
    """The customers in a CSV file: the column headed `customer`, in order.

    Raises:
        OwnerError: no such file, or one that is not such a table; the message says which line.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_TABLE + 1)
    except OSError as error:
        raise OwnerError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    return parse_customers(content, str(path))


def parse_customers(content: bytes, name: str) -> list[str]:
    """The customers in the bytes of a CSV file; `name` is what messages call it.

    Raises:
        OwnerError: not such a table; the message says which line.
    """
    if len(content) > LARGEST_TABLE:
        raise OwnerError(f"{name} is larger than {LARGEST_TABLE:,} bytes: split it.")
    found: dict[str, int] = {}
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        head = [cell.strip() for cell in next(rows, [])]
        if head.count("customer") != 1:
            raise OwnerError(f"{name} has no column `customer`: write that word into its first line, once.")
        column = head.index("customer")
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if column >= len(row):
                raise OwnerError(f"Line {rows.line_num} of {name} has no customer: fill it in, or delete the line.")
            try:
                customer = customer_name(row[column].strip())
            except OwnerError as error:
                raise OwnerError(f"Line {rows.line_num} of {name}: {error}") from None
            if customer in found:
                raise OwnerError(
                    f"Lines {found[customer]} and {rows.line_num} of {name} are both {customer}: delete one of them."
                )
            found[customer] = rows.line_num
            if len(found) > MOST_CUSTOMERS:
                raise OwnerError(f"{name} has more than {MOST_CUSTOMERS:,} customers: split it.")
    except UnicodeDecodeError:
        raise OwnerError(f"{name} is not text in UTF-8: save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise OwnerError(f"{name} is not a table of comma-separated values ({error}): save it as CSV again.") from error
    if not found:
        raise OwnerError(f"{name} names no customer: write one a line under `customer`.")
    return list(found)


def neutral(cell: str) -> str:
    """A cell's text that no spreadsheet takes for a formula: an apostrophe goes before those it would."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell


def table_text(head: list[str], rows: Iterable[list[str]]) -> str:
    """A CSV file's text, every cell neutral."""
    output = io.StringIO(newline="")
    csv.writer(output).writerows([neutral(cell) for cell in row] for row in [head, *rows])
    return output.getvalue()
