"""Groups of commands whose modules are imported only when one is run."""

import inspect
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, cast

import typer
from typer import TyperException
from typer.core import TyperCommand, TyperGroup

from adrelay.terminal.outcome import guarded

_WHOLE = 1000
"""How many characters of a command's help are shown in the list: the whole first sentence."""


class Entry(NamedTuple):
    """An entry of a command group."""

    target: str
    """`module:name` of the function, or of the group of further commands."""
    help: str
    """The first sentence of its help."""
    section: str = "Commands"


class Menu(TyperGroup):
    """A command group from a table; its help and the completion of names import no command."""

    entries: ClassVar[Mapping[str, Entry]] = {}

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - typer's, passed on as they come
        super().__init__(**attributes)
        for name, entry in self.entries.items():
            self.add_command(_Unloaded(name, entry))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - as typer calls it
        windows_expand_args: bool = True,  # noqa: FBT001, FBT002
        **extra: Any,  # noqa: ANN401 - typer's own
    ) -> Any:  # noqa: ANN401 - what the command returns
        """Run a command line; errors are printed in this program's format."""
        run = partial(super().main, args, prog_name, complete_var, False, windows_expand_args, **extra)  # noqa: FBT003
        if not standalone_mode:
            return run()
        sys.exit(guarded(lambda: _code_of(run)))

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer keeps these types private
        """Write the commands by section, each with its whole sentence."""
        del ctx
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            if command.hidden:
                continue
            section = self.entries[name].section if name in self.entries else "Commands"
            sections.setdefault(section, []).append((name, command.get_short_help_str(_WHOLE)))
        for section, lines in sections.items():
            with formatter.section(section):
                formatter.write_dl(lines)


def group(menu: type[Menu], name: str, **attributes: Any) -> typer.Typer:  # noqa: ANN401 - typer's own
    """Return a menu as an app. Its help is plain text: drawn boxes would cost half of the start time."""
    return typer.Typer(
        cls=menu,
        name=name,
        callback=attributes.pop("callback", _nothing),
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_show_locals=False,  # locals could show secrets
        **attributes,
    )


def loaded(name: str, entry: Entry) -> TyperGroup | TyperCommand:
    """Import a command."""
    module, _, attribute = entry.target.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        app = found
        app.rich_markup_mode = None
        if not (isinstance(app.info.cls, type) and issubclass(app.info.cls, Menu)):
            app.info.cls = Menu
        command = typer.main.get_group(app)
    else:
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name)(cast("Callable[..., None]", found))
        command = cast("TyperGroup", typer.main.get_command(app))
    command.name = name
    return command


class _Unloaded(TyperCommand):
    """A placeholder of a command until it is run, or its own help or completion is requested."""

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name, help=inspect.cleandoc(entry.help), rich_markup_mode=None)
        self._entry = entry

    def make_context(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - typer keeps these types private
        """Start the command itself; until it is imported, Ctrl-C just ends the program."""
        before = signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            command = loaded(str(self.name), self._entry)
        finally:
            signal.signal(signal.SIGINT, before)
        return command.make_context(*arguments, **options)


def _code_of(run: Callable[[], object]) -> int:
    try:
        code = run()
    except TyperException as error:
        _complain(error)
        return error.exit_code
    except typer.Abort:
        typer.echo("stopped: there was no answer", err=True)
        return 1
    return code if isinstance(code, int) else 0


def _complain(error: TyperException) -> None:
    """Print the errors of a command line; typer has pydantic check the arguments."""
    problems = getattr(error.__cause__, "errors", None)
    if callable(problems):
        from libs.chassis.words import wrong

        found = cast("list[dict[str, Any]]", problems())
        error.message = wrong(found[0])
    show = getattr(error, "show", None)  # usage, and a pointer to the help
    if callable(show):
        show()
    else:
        typer.echo(error.format_message(), err=True)


def _nothing() -> None:
    """Make it a group, even with one command."""
