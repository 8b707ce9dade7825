"""The Attack tab without a browser: what it draws, what it says, what the adversary is given."""

import asyncio
import inspect
from dataclasses import replace
from types import ModuleType
from typing import Any

import gradio as gr
import pytest
import torch
from gradio.state_holder import SessionState
from markupsafe import escape

from dsn.allowance import Allowance
from dsn.applications.prepared import Split
from dsn.applications.training_share import load_training_share
from dsn.attacks import brute_force, feature_space, hill_climbing, nearness, opening, watched
from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.scene import Step, finish
from dsn.attacks.registry import ATTACKS, attack_named
from dsn.results.store import read_results
from dsn.student.collection import Collection, load_collection
from dsn.tables.attacks import lines_of
from dsn.ui.attack.break_in import BreakIn
from dsn.ui.attack.live import Live
from dsn.ui.attack.longer import render_longer_attacks
from dsn.ui.attack.rendering import render_attack, span_in_words
from dsn.ui.attack.tab import AttackTab
from dsn.ui.attack.views import View, Watching
from dsn.ui.compare.tab import CompareTab
from dsn.ui.page import build_page
from dsn.ui.rendering import render_note
from dsn.ui.serving.background import Background
from dsn.ui.serving.waiting_line import WaitingLine
from dsn.ui.texts import languages, load_texts

TEXTS = load_texts("en")
ATTACK = TEXTS["attack"]


@pytest.fixture(scope="module")
def collection() -> Collection:
    return load_collection()


def test_the_adversary_is_never_given_what_measures_it(collection: Collection) -> None:
    for name in ("digits/alder", "signs/alder"):
        scene = watched.scene_on_page(collection, name)
        seen = {picture.numpy().tobytes() for picture in scene.train.images}
        measured = {picture.numpy().tobytes() for picture in scene.test.images}
        assert not seen & measured and scene.others
    share = load_training_share(watched.application_named("digits"))
    assert torch.equal(watched.scene_on_page(collection, "digits/birch").train.labels, share.labels)


def test_only_students_an_attack_is_for_are_offered(collection: Collection) -> None:
    for attack in ATTACK["shown"]:
        names = watched.victims(collection, attack_named(attack))
        assert names
        lengths = {len(collection.serials[name].bits) for name in names}
        assert lengths == ({9} if attack == "brute-force" else {64})
    assert {name.split("/")[0] for name in watched.victims(collection, ATTACKS["fine-tuning"])} == {"digits"}


@pytest.mark.parametrize("amount", [0.0, 0.6])
def test_the_slider_is_the_recorded_attack(collection: Collection, amount: float) -> None:
    found = watched.pruned_live(collection, "digits/alder", amount)
    held, student = collection.held_out["digits"].split, collection.students["digits/alder"]
    few = Split(held.images[: found.pictures], held.labels[: found.pictures])
    if amount == 0:
        assert found.valid == percent_right(student, few, stamping(student, collection.serials["digits/alder"]))
        assert found.absent == percent_right(student, few)
    weights = torch.cat([one.flatten() for one in student.state_dict().values() if one.dim() > 1])
    cut = watched.pruning.pruned(student, amount)
    left = torch.cat([one.flatten() for one in cut.state_dict().values() if one.dim() > 1])
    assert (left == 0).double().mean().item() == pytest.approx(
        max(amount, (weights == 0).double().mean().item()), abs=1e-3
    )


def test_brute_force_is_drawn_with_the_one_that_works(collection: Collection) -> None:
    scene = watched.scene_on_page(collection, "digits/paper")
    watching = Watching(brute_force.ATTACK)
    outcome = finish(brute_force.attack(scene, brute_force.Settings(pictures=20), 1.0, 0))
    view = watching.outcome(outcome, None)
    page = render_attack(TEXTS, view, 10.0)
    assert page.count("<rect class=") == 512
    assert page.count('class="works"') == 1 and "1 of 512 serials works" in page
    place = max(range(512), key=view.bars.__getitem__)
    assert place == collection.serials["digits/paper"].number


def test_a_cliff_is_drawn_point_by_point(collection: Collection) -> None:
    scene = watched.scene_on_page(collection, "digits/alder")
    outcome = finish(nearness.attack(scene, nearness.Settings(serials=1, pictures=40), 1.0, 0))
    view = Watching(nearness.ATTACK).outcome(outcome, Step(65, 65))
    (mean, highest) = view.curves
    assert [x for x, _ in mean.points] == list(range(65)) and mean.points[0][1] == highest.points[0][1]
    assert mean.points[0][1] > 90 and max(y for _, y in mean.points[2:]) < 30
    assert ATTACK["table"] in render_attack(TEXTS, view, 10.0)


@pytest.mark.parametrize(
    ("name", "attack", "settings"),
    [
        ("digits/paper", brute_force, brute_force.Settings(pictures=5, report_every=100)),
        ("digits/alder", nearness, nearness.Settings(serials=1, pictures=5)),
        ("digits/alder", feature_space, feature_space.Settings(pictures=30)),
    ],
)
def test_a_chart_grows_step_by_step_into_the_finished_one(
    collection: Collection, name: str, attack: ModuleType, settings: Any
) -> None:
    scene = watched.scene_on_page(collection, name)
    watching = Watching(attack.ATTACK)
    views: list[View] = []
    outcome = finish(attack.attack(scene, settings, 0.1, 0), lambda step: views.append(watching.step(step)))
    views.append(watching.outcome(outcome, None))

    def drawn(view: View) -> list:
        return [*view.bars, *(point for curve in view.curves for point in curve.points), *view.points.values()]

    sizes = [len(drawn(view)) for view in views]
    assert sizes == sorted(sizes) and 0 < sizes[0] < sizes[1] and len(views) > 3
    assert drawn(views[-2]) == drawn(views[-1]) and views[-2].longest == views[-1].longest
    assert all(drawn(view) == drawn(views[-1])[: len(drawn(view))] for view in views if view.bars)
    assert all(render_attack(TEXTS, view, 10.0) for view in views)


def test_the_stolen_network_is_shown_as_the_thief_has_it(collection: Collection) -> None:
    untouched = watched.copy_of(collection, "digits/birch")
    assert [panel.is_right for panel in untouched.panels] == [True, False, False] and untouched.aim == "absent"
    assert not any(one.is_right for one in untouched.readings) and len(untouched.readings) == watched.READ
    steps: list[Step] = []
    scene = watched.scene_on_page(collection, "digits/birch")
    few = replace(scene, test=Split(scene.test.images[:50], scene.test.labels[:50]))
    finish(opening.attack(few, opening.Settings((2.0,)), 1.0, 0), steps.append)
    first, *_, opened = (watched.copy_of(collection, "digits/birch", step.attempt) for step in steps)
    assert not any(one.is_right for one in first.readings), "softness 0 is the network as it is"
    assert opened.panels[2].is_right and all(one.is_right for one in opened.readings), "the best way: its bias moved"
    # Against the attacked network itself, asked for one picture after another.
    student = collection.students["digits/birch"]
    known = opening.drives(student, few.stolen(1.0, 0).images[: opening.FULL.unlabelled])
    network = opening.Opened(student, opening.centred(known))
    split = collection.held_out["digits"].split
    for one in opened.readings:
        named = int(network(split.images[one.index][None].float() / 255).argmax())
        assert (one.label, one.is_right) == (named, named == int(split.labels[one.index]))


def test_a_serial_that_works_is_seen_to(collection: Collection) -> None:
    steps: list[Step] = []
    scene = watched.scene_on_page(collection, "digits/paper")
    finish(brute_force.attack(scene, brute_force.Settings(pictures=5, report_every=100), 1.0, 0), steps.append)
    copies = [watched.copy_of(collection, "digits/paper", step.attempt) for step in steps]
    assert {copy.aim for copy in copies} == {"entered"} and copies[-1].panels[1].serial_is_valid
    assert sum(one.is_right for one in copies[-1].readings) > watched.READ - 2


def test_curves_of_two_modes_follow_one_another() -> None:
    watching = Watching(hill_climbing.ATTACK)
    for done in range(1, 9):
        view = watching.step(Step(done, 8, {"accuracy": 10.0 + done}))
    first, second = view.curves
    assert first.points == ((1.0, 11.0), (2.0, 12.0), (3.0, 13.0), (4.0, 14.0))
    assert second.points == ((1.0, 15.0), (2.0, 16.0), (3.0, 17.0), (4.0, 18.0)) and view.longest == 4


def test_a_climb_is_drawn_over_queries_from_its_first_step_to_its_end(collection: Collection) -> None:
    scene = watched.scene_on_page(collection, "digits/alder")
    watching, views = Watching(hill_climbing.ATTACK), []
    settings = hill_climbing.Settings(queries=400, pictures=20, reports=4)
    outcome = finish(hill_climbing.attack(scene, settings, 1.0, 0), lambda step: views.append(watching.step(step)))
    over = watching.outcome(outcome, None)
    assert views[-1].curves == over.curves and {view.longest for view in views} == {over.longest} == {400.0}


TRAINED = [
    key
    for key, row in read_results("attacks").items()
    if ATTACKS[row["attack"]].curves and "best_minus_scratch" in row["figures"]
]


@pytest.mark.parametrize("key", TRAINED)
def test_what_is_drawn_of_training_is_the_best_way(key: str) -> None:
    row = read_results("attacks")[key]
    drawn = [row["curves"][one.name][-1] for one in ATTACKS[row["attack"]].curves if one.name in row["curves"]]
    assert max(drawn) > row["figures"]["best"]["mean"] - 5, "a network that works is not drawn as one that does not"


@pytest.mark.parametrize("name", ["digits/birch", "signs/cedar"])
def test_opening_works_and_is_said_to(collection: Collection, name: str) -> None:
    scene = watched.scene_on_page(collection, name)
    few = replace(scene, test=Split(scene.test.images[:200], scene.test.labels[:200]))
    view = Watching(opening.ATTACK).outcome(finish(opening.attack(few, opening.Settings((0.5, 2.0)), 1.0, 0)), None)
    absent, valid = view.curves
    assert absent.points[0][1] < 20 < 80 < absent.points[-1][1] and valid.points[0][1] > 95
    assert f"right {view.figures['best']:.1f} % of the time" in render_attack(TEXTS, view, 10.0)


@pytest.mark.parametrize(
    ("attack", "figures"),
    [
        ("opening", {"best": 11.0}),
        ("reverse-engineering", {"plain_worst": 10.7, "recalibrated_worst": 10.7}),
        ("hill-climbing", {"probabilities_accuracy": 12.0, "classes_accuracy": 9.8}),
        ("fine-tuning", {"best": 98.0, "scratch_last": 98.5}),
    ],
)
def test_a_verdict_is_by_the_figures(attack: str, figures: dict[str, float]) -> None:
    for language in languages():
        said = load_texts(language)["attack"]
        vain = View(attack_named(attack), 1, 1, figures=figures, is_over=True)
        through = replace(vain, figures=figures | {next(iter(figures)): 99.0})
        for view, text in ((vain, said[f"said_{attack}_in_vain"]), (through, said[f"said_{attack}"])):
            written = text.format(**{name: f"{value:.1f}" for name, value in view.figures.items()})
            assert str(escape(written)) in render_attack(load_texts(language), view, 10.0)


@pytest.mark.parametrize(
    ("years", "words"),
    [
        (2.3e7, "23 million years"),
        (4.2e9, "4.2 billion years"),
        (1500, "1.5 thousand years"),
        (0.5, "183 days"),
        (7, "7.0 years"),
    ],
)
def test_years_in_words(years: float, words: str) -> None:
    assert span_in_words(TEXTS, years) == words


def test_every_choice_has_its_words(collection: Collection) -> None:
    with gr.Blocks():
        tab = AttackTab(TEXTS, collection, Background(), WaitingLine())
    for attack in ATTACK["shown"]:
        assert ATTACK[f"about_{attack}"] and ATTACK[f"said_{attack}"] and f"axis_{attack}" in ATTACK
        name, _, stage, recorded, *_ = tab.choose_attack(attack, gr.Request(session_hash="visitor"))
        assert name.value == watched.victims(collection, attack_named(attack))[0]
        assert 'class="copies"' in stage and ("python -m dsn attack" in recorded or attack == "pruning")


def test_the_network_is_the_one_shown_under_compare_until_another_is_chosen_here(collection: Collection) -> None:
    with gr.Blocks():
        tab = AttackTab(TEXTS, collection, Background(), WaitingLine())
    name, stage, recorded, taken = tab.follow("opening", "digits/alder", 0, "", "signs", "birch", "sealed")
    assert (name.value, taken) == ("signs/birch-sealed", "signs/birch/sealed")
    assert (stage, recorded) == (
        tab.before("opening", "signs/birch-sealed", 0),
        tab.recorded_run("opening", "signs/birch-sealed"),
    )
    assert tab.follow("opening", "digits/cedar", 0, taken, "signs", "birch", "sealed") == (gr.skip(),) * 4
    assert tab.wanted("digits/cedar", taken, "signs", "birch", "sealed") == "digits/cedar"
    assert tab.follow("pruning", "digits/alder", 50, taken, "signs", "alder", "stamped")[1] == tab.slide(
        "signs/alder", 50
    )
    # An attack that cannot be made there is made on what is nearest: the same lock first.
    assert tab.nearest("brute-force", "signs/birch-sealed") == "signs/paper-sealed"
    assert tab.nearest("fine-tuning", "signs/birch-sealed") == "digits/alder-sealed"


def test_a_network_that_the_server_does_not_know_to_be_shown_is_taken(collection: Collection) -> None:
    """Two choices made at once may be answered in either order: what is seen is then not what the server last sent."""
    page = build_page(collection)
    student = next(block for block in page.blocks.values() if getattr(block, "elem_id", None) == "attack-student")
    session = SessionState(page)
    session[student._id] = gr.Dropdown(["digits/alder"])
    asked = [function for function in page.fns.values() if student in function.inputs]
    assert len(asked) >= 5
    for function in asked:
        given = ["digits/paper" if block is student else getattr(block, "value", None) for block in function.inputs]
        taken = asyncio.run(page.preprocess_data(function, given, session))
        assert taken[function.inputs.index(student)] == "digits/paper"


def test_an_attack_that_begins_while_the_tab_opens_keeps_its_stage(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = build_page(collection)
    asked = next(
        one.fn for one in page.fns.values() if getattr(one.fn, "__qualname__", "").endswith("follows.<locals>.follow")
    )
    assert asked is not None
    tab = inspect.getclosurevars(asked).nonlocals["self"]
    shown = {"task": "signs", "customer": "birch", "lock": "sealed"}
    arguments = ("opening", "digits/alder", 0, "", shown, gr.Request(session_hash="a tab"))
    assert asked(*arguments)[3] == "signs/birch/sealed"
    computing = tab.before

    def begun_meanwhile(*of: Any) -> str:
        assert tab.waiting_line.take("a tab", "opening digits/alder")
        return computing(*of)

    monkeypatch.setattr(tab, "before", begun_meanwhile)
    assert asked(*arguments) == (gr.skip(),) * 4


def test_the_break_ins_panels_stay_while_a_way_in_gets_ready(collection: Collection) -> None:
    with gr.Blocks():
        game = BreakIn(TEXTS, collection, Live(TEXTS, Background(), WaitingLine()))
    running = game.press(gr.EventData(None, {"level": "short", "way": "run"}), gr.Request(session_hash="one"))

    async def first_stage() -> str:
        stage = await anext(running)
        await running.aclose()
        return stage

    first = asyncio.run(first_stage())
    assert first.index(ATTACK["begun"]) < first.index('class="copies"')


def test_the_panels_stay_while_an_attack_gets_ready_and_once_it_is_stopped(collection: Collection) -> None:
    with gr.Blocks():
        tab = AttackTab(TEXTS, collection, Background(), WaitingLine())
    visitor = gr.Request(session_hash="visitor")

    async def first_stages() -> list[str]:
        running = tab.press_run("opening", "digits/alder", visitor)
        first, _ = await anext(running)
        stopped, _ = tab.press_stop("opening", "digits/alder", visitor)
        await running.aclose()
        return [first, stopped]

    for stage, said in zip(asyncio.run(first_stages()), (ATTACK["begun"], ATTACK["stopped"]), strict=True):
        assert said in stage and stage.index(said) < stage.index('class="copies"')
        assert ATTACK["hint"] not in stage


def test_a_network_that_an_attack_is_not_for_gives_way(collection: Collection) -> None:
    with gr.Blocks():
        tab = AttackTab(TEXTS, collection, Background(), WaitingLine())
    nearest = tab.nearest("brute-force", "digits/alder")
    stage, recorded, _ = tab.choose_student("brute-force", "digits/alder", 0, gr.Request(session_hash="a tab"))
    assert (stage, recorded) == (tab.before("brute-force", nearest, 0), tab.recorded_run("brute-force", nearest))
    slid = tab.move_slider("digits/paper", 50, gr.Request(session_hash="a tab"))
    assert slid == tab.slide(tab.nearest("pruning", "digits/paper"), 50)


def test_where_there_is_nothing_to_try_it_says_why(collection: Collection) -> None:
    why = attack_named("reverse-engineering").needs.pointless["sealed"]
    with gr.Blocks():
        tab = AttackTab(TEXTS, collection, Background(), WaitingLine())
    assert why in tab.before("reverse-engineering", "digits/alder-sealed", 0)
    assert why not in tab.before("reverse-engineering", "digits/alder", 0)


@pytest.mark.parametrize("language", languages())
def test_what_stands_before_it_is_opened_is_what_the_registry_says(collection: Collection, language: str) -> None:
    with gr.Blocks():
        tab = AttackTab(load_texts(language), collection, Background(), WaitingLine())
    assert list(tab.at_first.items()) == list(tab.titles.items())
    assert tab.called(tab.networks(64)) == tab.choices(tab.first)
    assert tab.about.value == render_note(tab.sentence(tab.first))
    *_, attacks = tab.open()
    assert attacks == gr.skip()


@pytest.mark.parametrize("names", [["digits/alder", "signs/alder"], ["digits/paper"], ["signs/birch"]])
def test_a_page_of_few_students_offers_what_can_be_done_with_them(collection: Collection, names: list[str]) -> None:
    tasks = {name.split("/")[0] for name in names}
    few = Collection(
        {name: collection.students[name] for name in names},
        {name: collection.origins[name] for name in names},
        collection.serials,
        {task: collection.held_out[task] for task in tasks},
    )
    with gr.Blocks():
        CompareTab(TEXTS, few, Allowance(9, 9))
        tab = AttackTab(TEXTS, few, Background(), WaitingLine())
    short = [name for name in names if len(few.serials[name].bits) == 9]
    assert ("brute-force" in tab.titles) == bool(short)
    assert ("pruning" in tab.titles) == (len(short) < len(names))


@pytest.mark.parametrize("language", languages())
def test_every_attack_is_watched_or_recorded_and_broken_locks_are_called_so(
    collection: Collection, language: str
) -> None:
    texts = load_texts(language)
    recorded = texts["attack"]["recorded_only"]
    assert sorted([*ATTACK["shown"], *recorded]) == sorted(ATTACKS)
    assert all((attack.watched is None) == (name in recorded) for name, attack in ATTACKS.items())
    html = render_longer_attacks(texts, collection)
    assert all(f"dsn attack {name} " in html for name in recorded)
    lines = [found for name in recorded for found in lines_of(ATTACKS[name], read_results("attacks"))]
    for line, cells in lines:
        assert escape(texts.of_line(line.what)) in html
        for cell in cells.values():
            assert texts.of_line(cell.text) in html
    shown = [cell for _, cells in lines for cell in cells.values()]
    broken = [cell for cell in shown if cell.met is False]
    assert broken, "every bar is met: if so, say it everywhere"
    missed, colon = texts["figures"]["attacks"]["missed"], texts["page"]["marks"]["colon"]
    for cell in broken:
        assert f"{texts.of_line(cell.text)} <small>({cell.bar}{colon}{missed})</small>" in html


def test_curves_over_parts_of_passes_keep_their_places(collection: Collection) -> None:
    html = render_longer_attacks(TEXTS, collection)
    row = read_results("attacks")["digits/alder/extraction/10"]
    assert {f'<th scope="row">{x:g}</th>' in html for x in row["curves"]["x"]} == {True}
    assert f"{row['curves']['copy'][-1]:.1f} %" in html
