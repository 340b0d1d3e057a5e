"""The map: its cells are the table's rows, neighbours differ on one axis, and the sentence is computed."""

import io
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from matplotlib import rc_context
from matplotlib.patches import Rectangle
from PIL import Image, ImageColor, ImageOps
from sample import some

import nvmx
from nvmx.model import karnaugh
from nvmx.model.axis import BY_NAME
from nvmx.model.karnaugh import gray
from nvmx.model.modes import MODES
from nvmx.model.outcome import BY_OUTCOME
from nvmx.plots.canvas import Canvas


def cells(picture: Any) -> dict[tuple[int, int], tuple[str, bool]]:
    """Letter and possibility of every cell, read back from the drawing."""
    panel = picture.figure.axes[0]
    hatched = {
        (int(patch.get_y()), int(patch.get_x())): bool(patch.get_hatch())
        for patch in panel.patches
        if isinstance(patch, Rectangle) and patch.get_width() == patch.get_height() == 1
    }
    letters = {
        (int(text.get_position()[1]), int(text.get_position()[0])): text.get_text()
        for text in panel.texts
        if len(text.get_text()) == 1 and text.get_position()[0] > 0 and text.get_position()[1] > 0
    }
    return {place: (letters.get(place, ""), not flag) for place, flag in hatched.items()}


DOWN, MODE_AXES = ["CR4.VMXE", "VMX", "CPL"], ["CR0.PE", "EFER.LMA", "RFLAGS.VM", "CS.L"]
LETTERS = {"success": "S", "#UD": "U", "#GP(0)": "G", "VMfailInvalid": "I", "VM exit": "X"}


@pytest.mark.parametrize("source", ["intel", "kvm-2011"])
def test_the_cells_are_the_tables_rows(source: str) -> None:
    table = nvmx.table("VMXON", source, axes=[*DOWN, *MODE_AXES])
    rows = {
        tuple(row[name] for name in (*DOWN, *MODE_AXES)): (LETTERS[row["outcome"]], row["possible"])
        for row in table.to_dict("records")
    }
    domain = {name: list(table[name].unique()) for name in (*DOWN, *MODE_AXES)}
    orders = [gray([domain[name] for name in side]) for side in (DOWN, MODE_AXES)]
    drawn = cells(nvmx.plots.map("VMXON", source, DOWN, MODE_AXES))
    assert len(drawn) == len(rows)
    for (row, column), found in drawn.items():
        assert rows[(*orders[0][row], *orders[1][column])] == found


@pytest.mark.parametrize("source", ["intel", "kvm-2011"])
def test_the_usual_map_has_each_mode_with_its_closest_possible_states(source: str) -> None:
    table = nvmx.table("VMXON", source, possible=True)
    axes = nvmx.ladder("VMXON", source).axes
    table["distance"] = sum((table[name] != BY_NAME[name].ready).astype(int) for name in axes)
    expected: dict[tuple[object, ...], set[str]] = {}
    for values, group in table.groupby([*DOWN, *MODE_AXES], observed=True):
        closest = group[group["distance"] == group["distance"].min()]
        expected[values] = {LETTERS[outcome] for outcome in closest["outcome"]}
    values = {name: [value for value in BY_NAME[name].values if value in set(table[name])] for name in DOWN}
    rows = gray(values.values(), [key[: len(DOWN)] for key in expected])
    assert all(sum(a != b for a, b in zip(*pair, strict=True)) == 1 for pair in pairwise(rows))
    columns = [tuple(bits[name] for name in MODE_AXES) for bits in MODES.values()]
    drawn = cells(nvmx.plots.map("VMXON", source))
    assert len(drawn) == len(rows) * len(columns)
    seen = {(*rows[row], *columns[column]): letter for (row, column), (letter, possible) in drawn.items() if possible}
    assert seen.keys() == expected.keys()
    assert all(letter in expected[place] for place, letter in seen.items())


def test_the_columns_of_a_map_are_the_modes_by_name() -> None:
    def names(picture: Any) -> list[str]:
        words = [text.get_text() for text in picture.figure.axes[0].texts if text.get_weight() == "bold"]
        return [word.replace("-\n", "-").replace("\n", " ") for word in words if len(word) > 1]

    assert names(nvmx.plots.map("VMXON", "intel")) == list(MODES)
    assert names(nvmx.plots.map("VMXON", "intel", efer_lma=1)) == ["compatibility", "64-bit"]
    assert names(nvmx.plots.map("VMXON", "intel", across=["CR0.PE"])) == []
    sentence = nvmx.plots.map("VMXON", "intel").sentence
    assert "the other 11 combinations of CR0.PE, EFER.LMA, RFLAGS.VM, CS.L are no mode" in sentence
    assert "; 8 rows in which no processor can be are left out." in sentence
    bits = nvmx.ladder("VMXON", "intel").rungs
    mine = nvmx.Ladder("VMXON", "mine", [rung for rung in bits if rung.name == "CPL 0"], nvmx.Effect("root"))
    assert nvmx.plots.map("VMXON", mine).sentence.startswith("VMXON by mine: 12 states, of which")


def test_the_sentence_counts_what_the_table_counts() -> None:
    table = nvmx.table("VMXON", "kvm-2011")
    possible = table[table["possible"]]["outcome"].value_counts()
    sentence = nvmx.plots.map("VMXON", "kvm-2011").sentence
    assert f"of which a processor can be in {int(table['possible'].sum())}" in sentence
    for outcome in ("success", "#UD", "#GP(0)"):
        assert f"{outcome} in {possible[outcome]}" in sentence


def test_axes_may_be_chosen_and_held() -> None:
    picture = nvmx.plots.map("VMXOFF", "intel", down=["dual_monitor"], across=["current_vmcs"], vmx="root")
    assert {found for found, _ in cells(picture).values()} == {"S", "I", "V"}
    assert "VMX=root" in picture.sentence
    assert "4 states" in picture.sentence
    assert nvmx.plots.map("VMXON", "intel", cpl=3).sentence.startswith("VMXON by intel, CPL=3: 20 states")
    single = nvmx.plots.map("VMXON", "intel", down=[], across=[])
    assert single.sentence == "VMXON by intel: 1 state, of which a processor can be in 1; of those, success in 1."


def test_a_picture_shows_itself_with_its_sentence() -> None:
    picture = nvmx.plots.map("VMXOFF", "kvm-2011")
    data, metadata = picture._repr_mimebundle_()
    assert data["text/plain"] == metadata["image/png"]["alt"] == picture.sentence == repr(picture)
    assert picture.png() == picture.png()
    with Image.open(io.BytesIO(picture.png())) as image:
        assert image.info["Description"] == picture.sentence


def test_a_picture_has_few_colours_and_those_of_the_outcomes_are_exact() -> None:
    """A notebook holds many pictures, and the palette makes each of them a third of its size."""
    picture = nvmx.plots.graph("intel")
    for colour in {look.colour for look in BY_OUTCOME.values()}:
        picture.figure.axes[0].add_patch(Rectangle((0, 0), 1, 1, facecolor=colour))
        with Image.open(io.BytesIO(picture.png())) as image:
            assert image.mode == "P"
            assert ImageColor.getrgb(colour) in {found for _, found in image.convert("RGB").getcolors() or ()}


def test_words_in_one_row_share_a_baseline() -> None:
    """The first letter is as high, whatever follows."""
    places = set()
    for words in ("H", "Hg", "H_(", "HT", "Hj["):
        canvas = Canvas(1, "")
        canvas.text(1, 0.5, words, ha="left")
        with Image.open(io.BytesIO(canvas.picture("").png())) as image:
            letter = image.convert("L").crop((100, 0, 109, 100))
        places.add((ImageOps.invert(letter).point(lambda value: value > 128 and 255).getbbox() or ())[1::2])
    assert len(places) == 1
    assert () not in places


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.SVG", b"<?xml"), ("a.pdf", b"%PDF")])
def test_a_picture_is_saved_as_what_its_name_says(name: str, start: bytes, tmp_path: Path) -> None:
    saved = []
    for _ in range(2):
        nvmx.plots.map("VMXOFF", "kvm-2011").save(tmp_path / name)
        saved.append((tmp_path / name).read_bytes())
    assert saved[0].startswith(start)
    assert saved[0] == saved[1]


@pytest.mark.parametrize("name", ["map.jpg", "map", "png"])
def test_a_picture_is_not_saved_under_another_ending(name: str, tmp_path: Path) -> None:
    with pytest.raises(nvmx.NvmxError, match=r"file ending: .* \(allowed: '.png', '.svg', '.pdf'\)"):
        nvmx.plots.map("VMXOFF", "kvm-2011").save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def inches(path: Path) -> tuple[float, float]:
    """The width and height that a file states."""
    content = path.read_bytes()
    if path.suffix == ".png":
        with Image.open(path) as image:
            return image.width / image.info["dpi"][0], image.height / image.info["dpi"][1]
    if path.suffix == ".pdf":
        sizes = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", content)
    else:
        sizes = re.findall(rb'<svg [^>]*?width="([\d.]+)pt" height="([\d.]+)pt"', content)
    ((width, height),) = sizes
    return float(width) / 72, float(height) / 72


# One whose text is large enough, and one whose text has to be larger, and then reaches over the edge.
SIZED = {"modes": lambda: nvmx.plots.sketch("modes"), "ladder": lambda: nvmx.plots.ladder("VMXON", "intel")}


@pytest.mark.parametrize(
    ("name", "size", "width", "height"),
    some(2, [("modes", "slide", 40 / 3, 7.5), ("ladder", "slide", 40 / 3, 7.5), ("ladder", "page", 6.3, 9.7)]),
)
def test_a_picture_fills_a_slide_or_the_width_of_a_page(
    name: str, size: str, width: float, height: float, tmp_path: Path
) -> None:
    picture = SIZED[name]()
    before = picture.png()
    found = []
    for ending in ("png", "svg", "pdf"):
        picture.save(tmp_path / f"a.{ending}", size=size)
        found.append(inches(tmp_path / f"a.{ending}"))
        assert found[-1] == pytest.approx(found[0], abs=0.02)
    assert min(width - found[1][0], height - found[1][1]) == pytest.approx(0, abs=0.02)
    assert max(found[1][0] - width, found[1][1] - height) < 0.02
    assert picture.png() == before


@pytest.mark.parametrize(("size", "smallest"), [("slide", 18 / 1080 * 7.5 * 72), ("page", 7)])
@pytest.mark.parametrize("name", SIZED)
def test_its_smallest_text_can_be_read(name: str, size: str, smallest: float, tmp_path: Path) -> None:
    """The sizes of text that an SVG with its letters as text says that it has, times its scale."""
    with rc_context({"svg.fonttype": "none"}):
        SIZED[name]().save(tmp_path / "a.svg", size=size)
    text = (tmp_path / "a.svg").read_text()
    ((width, box),) = re.findall(r'<svg [^>]*?width="([\d.]+)pt"[^>]*?viewBox="0 0 ([\d.]+) ', text)
    sizes = [float(each) for each in re.findall(r"font(?:-size)?: (?:\w+ )*([\d.]+)px", text)]
    assert len(sizes) > 10
    assert min(sizes) * float(width) / float(box) > smallest * 0.99


def test_dots_per_inch(tmp_path: Path) -> None:
    picture = nvmx.plots.sketch("modes")
    for more, width in (({}, 750), ({"dpi": 50}, 375), ({"size": "slide"}, 1920), ({"size": "page", "dpi": 100}, 630)):
        picture.save(tmp_path / "a.png", **more)
        with Image.open(tmp_path / "a.png") as image:
            assert image.width == pytest.approx(width, abs=1)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"size": "slides"}, "size: 'slides' is not allowed; did you mean 'slide'?"),
        ({"dpi": 0}, "dpi: 0 is not a positive number"),
        ({"dpi": float("nan")}, "dpi: nan is not a positive number"),
    ],
)
def test_a_size_that_does_not_exist(more: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(nvmx.NvmxError, match=re.escape(message)):
        nvmx.plots.sketch("modes").save(tmp_path / "a.png", **more)
    assert not list(tmp_path.iterdir())


def test_a_picture_that_nobody_could_read_is_refused(tmp_path: Path) -> None:
    axes = ["CPL", "VMX", "CR4.VMXE", "FEATURE_CONTROL.lock", "CR0.NE"]
    with pytest.raises(nvmx.NvmxError, match="too large to be read in size 'slide'"):
        nvmx.plots.map("VMXON", "intel", down=axes).save(tmp_path / "a.png", size="slide")
    assert not list(tmp_path.iterdir())


def test_names_are_drawn_as_they_are() -> None:
    rung = nvmx.Rung("$\\frac{1$", {"CPL": 3}, "#UD", "only the kernel may do this", "handler", "mine.c")
    mine = nvmx.Ladder("VMXON", "$x^$", (rung,), nvmx.Effect("root"))
    pictures = [
        nvmx.plots.map("VMXON", mine),
        nvmx.plots.diff("VMXON", mine, "intel"),
        nvmx.plots.ladder("VMXON", mine),
        nvmx.plots.agreement("VMXON", mine),
        nvmx.plots.graph(mine),
    ]
    for picture in pictures:
        assert "$x^$" in picture.sentence
        assert picture.png()


def difference(instruction: str, source: str, **more: Any) -> nvmx.plots.Picture:
    return nvmx.plots.diff(instruction, source, "intel-2006", **more)


@pytest.mark.parametrize("draw", [nvmx.plots.map, difference])
def test_more_cells_than_anyone_can_read_are_refused(draw: Any) -> None:
    names = list(nvmx.ladder("VMXON", "intel").reads)
    with pytest.raises(nvmx.NvmxError, match=r"map: [\d,]+ cells are too many to read \(at most 1,536\)"):
        draw("VMXON", "intel", down=names[:10], across=names[10:])
    half = ["CPL", "operand", "CR0.PE", "CR0.NE", "CR0.PG", "CR4.VMXE", "EFER.LMA", "RFLAGS.VM"]
    assert karnaugh.lay_out([nvmx.ladder("VMXON", "intel")], half[:4], half[4:]).shape == (80, 16)
    with pytest.raises(nvmx.NvmxError, match=r"map: 3,840 cells"):
        draw("VMXON", "intel", down=half[:4], across=[*half[4:], "VMX"])


@pytest.mark.parametrize("source", ["intel", "kvm-2011"])
@pytest.mark.parametrize("instruction", ["VMXON", "VMXOFF"])
def test_the_ladder_counts_what_the_table_counts(instruction: str, source: str) -> None:
    table = nvmx.table(instruction, source)
    possible = table[table["possible"]]
    stops = possible["rung"].value_counts()
    picture = nvmx.plots.ladder(instruction, source)
    words = [text.get_text() for text in picture.figure.axes[0].texts]
    left = len(possible)
    for rung in nvmx.ladder(instruction, source).rungs:
        if rung.by == "decoder" and "operand" not in table:
            continue
        assert any(word.endswith(f"  {rung.name}") for word in words)
        assert any(f"{rung.outcome}: {stops[rung.name]:,} of {left:,}" in word for word in words)
        left -= int(stops[rung.name])
    succeeded = int((possible["outcome"] == "success").sum())
    assert left == succeeded
    assert picture.sentence.endswith(f"; {succeeded:,} succeed.")
    assert f"of {len(possible):,} possible states" in picture.sentence
    widths = [bar.get_width() for bar in picture.figure.axes[0].patches if isinstance(bar, Rectangle)]
    assert all(0 <= width <= 1 for width in widths)


def test_the_ladder_names_every_check_that_stops_states_if_none_succeeds() -> None:
    rungs = tuple(
        nvmx.Rung(name, {"VMX": vmx}, "#UD", "not here", "handler", "mine.c")
        for name, vmx in (("out of VMX", ("root", "non-root")), ("in VMX", "off"))
    )
    picture = nvmx.plots.ladder("VMXON", nvmx.Ladder("VMXON", "never", rungs, nvmx.Effect("root")))
    assert "out of VMX ends 2, in VMX ends 1; 0 succeed." in picture.sentence


def test_a_graph_draws_no_state_over_another() -> None:
    off = nvmx.ladder("VMXOFF", "intel")
    mine = nvmx.Ladder("VMXOFF", "mine", off.rungs, nvmx.Effect("off", current_vmcs=1))
    with pytest.raises(nvmx.NvmxError, match=r"graph: mine leads to states that differ in more than VMX and CR4\.VMXE"):
        nvmx.plots.graph(mine)


def test_a_map_without_possible_states_has_a_whole_sentence() -> None:
    sentence = nvmx.plots.map("VMXON", "intel", down=[], across=[], cr0_pe=0).sentence
    assert sentence == "VMXON by intel, CR0.PE=0: 1 state, of which a processor can be in 0."


def test_nothing_is_drawn_outside_of_its_picture() -> None:
    pictures = [nvmx.plots.map("VMXON", source) for source in ("intel", "kvm-2011")]
    pictures += [nvmx.plots.ladder("VMXON", source) for source in ("intel-2006", "kvm-2011", "xen")]
    pictures += [nvmx.plots.agreement(instruction, "kvm-2018-06") for instruction in ("VMXON", "VMXOFF")]
    pictures += [nvmx.plots.map("VMXON", "intel", down=["CPL"], across=["VMX"], current_vmcs=1)]
    pictures += [nvmx.plots.history(), *(nvmx.plots.graph(source) for source in ("intel", "xen", "kvm-2011"))]
    for picture in pictures:
        box = picture.figure.get_tightbbox()
        width, height = picture.figure.get_size_inches()
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height
