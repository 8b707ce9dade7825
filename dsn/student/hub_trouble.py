"""What goes wrong between here and the Hub, each in one sentence that never holds a token."""

from collections.abc import Iterator
from contextlib import contextmanager

from dsn.student.folder import CONFIG, WEIGHTS, StudentError


class HubUnreachableError(StudentError):
    """No Hub answers: a matter of the network, not of the repository."""


def not_a_hub(repository: str) -> str:
    """What to say where a server answers as no Hub does."""
    return (
        f"{repository} cannot be had: what answers in the Hub's place is not a Hub; "
        "check HF_ENDPOINT, and any proxy or sign-in page of the network."
    )


@contextmanager
def plain_errors(repository: str, revision: str) -> Iterator[None]:
    """Turn what huggingface_hub raises into a StudentError; no message repeats one that may hold a token."""
    import httpx2
    from huggingface_hub import errors

    at = f"repository {repository} at revision {revision}"
    try:
        yield
    except errors.HFValidationError as error:
        raise StudentError(f"{repository} is not a repository on the Hub: write organisation/name.") from error
    except (httpx2.LocalProtocolError, UnicodeError):
        raise StudentError("HF_TOKEN is not a token: copy it again, without anything before or after it.") from None
    except errors.RepositoryNotFoundError as error:
        raise StudentError(
            f"There is no {at}, or it is private: check both names, and set HF_TOKEN if it is private."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise StudentError(f"There is no {at}: check the name of the branch or tag, or the commit.") from error
    except errors.RemoteEntryNotFoundError as error:
        raise StudentError(f"There is no {CONFIG} or no {WEIGHTS} in {at}: it does not hold a student.") from error
    except errors.OfflineModeIsEnabled as error:
        raise HubUnreachableError(
            f"There is no copy of {at} on this machine, and HF_HUB_OFFLINE forbids to ask the Hub: unset it."
        ) from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise StudentError(
                f"The Hub refuses {at} (answer {status}): set HF_TOKEN to a token that may read it."
            ) from error
        if status >= 500 or status in (408, 429):
            raise HubUnreachableError(
                f"The Hub is busy or down (answer {status}) for {at}: try again later."
            ) from error
        raise HubUnreachableError(not_a_hub(repository)) from error
    except (httpx2.RequestError, httpx2.InvalidURL, errors.LocalEntryNotFoundError) as error:
        raise HubUnreachableError(
            f"The Hub cannot be reached for {at}: check the network and HF_ENDPOINT, or use a student's folder."
        ) from error
    except OSError as error:
        raise StudentError(
            f"The download of {at} could not be kept whole ({error.strerror or 'it broke off'}): "
            "check the disk's free space and HF_HOME, and try again."
        ) from error
