"""Reads the URL of a PostgreSQL server from an environment, where it is no setting of a service."""

from collections.abc import Iterator, Mapping, Sequence

from libs.chassis.database_urls import user_in
from libs.chassis.secret_files import SecretFileError, value_of
from libs.chassis.settings import InvalidSettings, postgres_problem


def postgres_urls_in(environment: Mapping[str, str], variables: Sequence[str]) -> dict[str, str]:
    """Return the URLs that these variables hold, themselves or by a file, as far as they are set.

    Raises `InvalidSettings` with a line for each that is wrong; none has a part of a password.
    """
    found: dict[str, str] = {}
    problems: list[str] = []
    for variable in variables:
        try:
            named = value_of([variable], environment)
        except SecretFileError as error:
            problems.append(str(error))
            continue
        if named is None:
            continue
        found[variable] = named[1]
        if (problem := postgres_problem(named[1])) is not None:
            problems.append(f"{variable} {problem}")
    if problems:
        raise InvalidSettings(problems)
    return found


def without_user(urls: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each of these URLs, by variable, that names no user."""
    for variable, url in urls.items():
        if not user_in(url):  # a password with # or ? was cut off, and its begin is a port
            yield f"{variable} has no user (in a password # is %23, ? is %3F)"
