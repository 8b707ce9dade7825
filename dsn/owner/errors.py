"""What can go wrong on the owner's side."""


class OwnerError(RuntimeError):
    """Something the owner can mend; its message is one sentence that says what to do, and holds no secret."""
