"""`adrelay demo`: the whole path in about a minute."""

import asyncio
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from adrelay.commands.events.reading.correlated_tree import correlation_of, render, trace
from adrelay.demo import steps
from adrelay.demo.evidence import GroupEvidence, read_back
from adrelay.demo.incidents import Incidents, Scene
from adrelay.demo.output import DemoOutput
from adrelay.demo.rest import RestError
from adrelay.demo.sample import Sample, create_sample
from adrelay.demo.system import LocalSystem
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.interrupt import Interrupted, run_interruptibly
from adrelay.runtime.local import keep_settings
from adrelay.terminal.outcome import Exit

CYCLE_SECONDS = 60.0
LOOK_SECONDS = 0.15


@dataclass(frozen=True)
class Wanted:
    """What the demo is to show."""

    cycles: int
    album: bool
    undisturbed: bool
    web: bool = False
    """Let people click through the running system, instead of letting things go wrong."""
    together: bool = False
    """Run all services in one process."""


def demo(wanted: Wanted, keep: Path | None) -> None:
    """Run the whole path, and exit with 0 if every group was shown to hold every post once."""
    if keep is not None and keep.exists() and any(keep.iterdir()):
        message = (  # its secrets are generated anew
            f"the demo begins with an empty folder, and {keep} is not: name another one. "
            f"What an earlier demo kept is started again by: adrelay up --folder {keep}"
        )
        raise typer.BadParameter(message, param_hint="--keep")
    console = Console()
    with tempfile.TemporaryDirectory(prefix="adrelay-demo-", ignore_cleanup_errors=True) as folder:
        run_folder = keep or Path(folder)
        system = LocalSystem(run_folder, together=wanted.together)
        work = _run(DemoOutput(console), system, wanted, keep=keep is not None)
        try:
            proven = run_interruptibly(work, system.supervisor.hurry)
        except Interrupted as interrupted:
            raise typer.Exit(interrupted.exit_code) from interrupted
        except (RuntimeFault, RestError, TimeoutError) as error:
            console.print(f"[red]✗ {error}[/red]", highlight=False)
            _show_complaints(console, run_folder / "logs")
            raise typer.Exit(Exit.FOUND) from error
    if keep is not None:
        console.print(f"[dim]kept; to look at it again:[/dim] adrelay up --folder {keep}", soft_wrap=True)
    raise typer.Exit(Exit.OK if proven else Exit.FOUND)


async def _run(screen: DemoOutput, system: LocalSystem, wanted: Wanted, *, keep: bool) -> bool:
    services = "all services in one process" if wanted.together else "five services and two workers"
    with screen.step(f"Start PostgreSQL, NATS, three sandboxes, {services}") as notes:
        await system.__aenter__()
        notes.add(f"REST interface: {system.url}/docs")
        if keep:
            keep_settings(system.folder, await system.environment())
    try:
        return await _run_steps(screen, system, wanted)
    finally:
        with screen.step("Stop everything"):
            await system.__aexit__(None, None, None)


async def _run_steps(screen: DemoOutput, system: LocalSystem, wanted: Wanted) -> bool:
    with screen.step("Fill the Telegram sandbox: accounts, a channel with a post, groups") as notes:
        sample = await create_sample(system.telegram, album=wanted.album, spare=True)
        notes.add(f"{len(sample.accounts)} accounts, {len(sample.groups)} groups, the post is {sample.post}")
    with screen.step("The operator uploads a Telegram application and a session of every account") as notes:
        await steps.stock_sessions(system, sample.accounts)
        notes.add(
            "four as string sessions, one as a .session file; each was checked by signing in over MTProto"
        )
    with screen.step("A client orders a plan over REST") as notes:
        purchase = await steps.check_out(system)
        notes.add(f"order {purchase.order}: pay {purchase.amount} {purchase.coin} to {purchase.address}")
    with screen.step("The payment arrives; each signed notification comes three times, shuffled") as notes:
        await steps.pay(system, purchase, repeat=3, shuffled=True)
    with screen.step("The client signs in with the access code that came by mail") as notes:
        client = await steps.sign_in(system, purchase)
        for mail in await system.mails.mails(purchase.email):
            notes.add(f"mail to {purchase.email}: {mail.subject}")
        state = await client.state()
        notes.add(
            f"adbot {client.adbot} with {state['seats']['filled']} seats, valid until {state['valid_until']}"
        )
    try:
        return await _run_adbot(screen, Scene(system, sample, client), purchase, wanted)
    finally:
        await client.rest.close()


async def _run_adbot(screen: DemoOutput, scene: Scene, purchase: steps.Purchase, wanted: Wanted) -> bool:
    """Show what the client does with the adbot; return whether every group held every post once."""
    system, sample, client = scene.system, scene.sample, scene.client
    incidents = Incidents(scene, wanted.cycles, undisturbed=wanted.undisturbed)
    with screen.step("The client sets the post and the groups, and presses start"):
        await steps.advertise(client, sample)
        await incidents.before(1)
        await steps.start(client)
    if wanted.web:
        screen.pages(system.url.removesuffix("/api/v1"), await steps.access_code(system, purchase))
        await asyncio.Event().wait()  # until a signal cancels it
    await _watch(screen, client, sample, wanted.cycles, incidents)
    with screen.step("The client presses stop"):
        await steps.stop(client)
    log = await client.log()
    cycles = steps.cycles_in(log)
    evidence = await read_back(system.telegram, sample, log, cycles, incidents.reachable)
    findings = await incidents.findings(log)
    screen.console.print(await _trace(system, purchase), soft_wrap=True)
    screen.findings(findings)
    screen.evidence(evidence)
    disturbed = any(finding.problem for finding in findings)
    return await _verdict(screen, system, evidence, wanted.cycles) and not disturbed


async def _watch(
    screen: DemoOutput, client: steps.Client, sample: Sample, cycles: int, incidents: Incidents
) -> None:
    """Show deliveries until this many cycles have an outcome for every group, with the incidents of each."""
    current = 1
    with screen.live() as board:
        board.groups = list(sample.groups)
        async with asyncio.timeout(CYCLE_SECONDS * cycles):
            while len(board.lines) < cycles * len(sample.groups):
                board.show(await client.log())
                if len(board.lines) == current * len(sample.groups) and current < cycles:
                    current += 1
                    await incidents.before(current)
                await incidents.during(current)
                await asyncio.sleep(LOOK_SECONDS)


async def _trace(system: LocalSystem, purchase: steps.Purchase) -> object:
    correlation = await correlation_of(system.databases["billing"], f"order-{purchase.order}")
    if correlation is None:
        return f"order {purchase.order} has no events"
    roots = await trace(system.databases, correlation)
    return render(f"What order {purchase.order} led to: {sum(map(len, roots))} events", roots)


async def _verdict(
    screen: DemoOutput, system: LocalSystem, evidence: list[GroupEvidence], cycles: int
) -> bool:
    held_twice = await system.telegram.held_twice()
    seen = len(evidence[0].cycles)
    if held_twice:
        screen.console.print(f"[red]✗ {len(held_twice)} sessions were held by two connections at once[/red]")
    if seen != cycles:
        screen.console.print(f"[red]✗ {seen} cycles were run instead of {cycles}[/red]")
    proven = not held_twice and seen == cycles and not any(one.problem for one in evidence)
    if proven:
        screen.console.print(
            f"[bold green]{_said(evidence, cycles)}[/bold green]  [dim]{screen.seconds:.0f} s in all[/dim]"
        )
    return proven


def _said(evidence: list[GroupEvidence], cycles: int) -> str:
    alive = [one for one in evidence if len(one.cycles) == cycles]
    said = f"Every one of {len(alive)} groups holds every one of {cycles} posts exactly once."
    others = ", ".join(one.group for one in evidence if one not in alive)
    return f"{said} What happened to {others} is said above." if others else said


def _show_complaints(console: Console, logs: Path) -> None:
    """Show the last lines of every log with an error."""
    for log in sorted(logs.glob("*.log")):
        with suppress(OSError):
            lines = [line for line in log.read_text().splitlines() if '"error"' in line or "Error" in line]
            for line in lines[-3:]:
                console.print(f"[dim]{log.stem}:[/dim] {line[:400]}", highlight=False, markup=True)
