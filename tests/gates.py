"""Gates for the committed notebooks: what nbval lets through. Nothing is run here.

Each gate takes a notebook and returns one sentence for every fault, none if all is well. GATES lists them.
"""

import ast
import re
from statistics import median

from course._measured import FREE_LINE, VALUE
from course.claims import CLAIMS
from course.upkeep.notebooks import verdicts
from course.upkeep.skeleton import MARK

NUMBER = re.compile(
    r"(?<![\w.,])[-+]?(?:\d[\d,_]*(?:\.\d+)+(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|\d+e[-+]?\d+)(?!\w)", re.I
)
MARKER = re.compile(r"nbval[-_]|raises[-_]exception|pytest_validate_ignore_output", re.I)
HOME = re.compile(
    r"(?<![\w./:~<-])(?:~/|/(?:home|root|tmp|work|Users|usr|opt|mnt|var|private|content|kaggle)/|[A-Za-z]:\\)"
)
FETCH = re.compile(r"https?://|urlopen|urlretrieve|\brequests\.|\b(?:wget|curl|pip)\s+\w|download=True")
ADDRESS = re.compile(r"0x[0-9a-f]{6,}", re.I)
SECTIONS = ("Verdicts", "Takeaways", "Exercises", "References")
CARD = "## On one card"
BAR = r"(?<!\\)\|"  # between the cells of a table; in code, too, unless it is written \|
LINES, MEDIAN, WORDS, WIDTH = 20, 9, 80, 110


def every_cell_ran_in_order(nb):
    """A fresh kernel ran all code cells from the first to the last."""
    for place, cell in enumerate(code(nb), 1):
        if not cell.source.strip():
            yield f"{name(cell)} is empty"
        if cell.execution_count != place:
            yield f"{name(cell)} has the count {cell.execution_count}, expected {place}: run it anew"


def no_cell_complains(nb):
    """No output on stderr, no uncaught error, no unnamed object (`<Figure at 0x…>`)."""
    for cell in code(nb):
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"{name(cell)} ends in {output.ename}: catch it and print its message"
            if output.get("name") == "stderr":
                yield f"{name(cell)} writes to stderr: {output.text.strip()[:100]}"
            if ADDRESS.search(text_of(output)):
                yield f"{name(cell)} prints a memory address: {ADDRESS.search(text_of(output))[0]}"


def figures_are_there(nb):
    """Each cell that calls show() has a picture; each picture has alt text and the data that it draws."""
    for cell in code(nb):
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        if not pictures and calls_show(cell.source):
            yield f"{name(cell)} calls show() and has no picture"
        for output in pictures:
            metadata = output.metadata
            if not metadata.get("image/png", {}).get("alt", "").strip():
                yield f"{name(cell)} has a picture without alt text: use course.plots.show"
            if "tolerance" not in metadata or not metadata.get("figure", {}).get("axes"):
                yield f"{name(cell)} has a picture without its data: use course.plots.show"


def nothing_is_skipped(nb):
    """No marker tells nbval to skip a cell, to ignore its output or to expect an error."""
    for cell in nb.cells:
        for text in (cell.source if cell.cell_type == "code" else "", *cell.metadata.get("tags", [])):
            if MARKER.search(text):
                yield f"{name(cell)} has the marker {MARKER.search(text)[0]!r}: all cells are compared"


def cells_are_short(nb):
    """Code cells have a median of about six lines and at most twenty, none wider than the page."""
    lengths = [len(cell.source.splitlines()) for cell in code(nb)]
    if lengths and median(lengths) > MEDIAN:
        yield f"code cells have a median of {median(lengths)} lines, expected about 6"
    for cell, length in zip(code(nb), lengths, strict=True):
        if length > LINES:
            yield f"{name(cell)} has {length} lines, expected at most {LINES}"
        for line in cell.source.splitlines():
            if len(line) > WIDTH:
                yield f"{name(cell)} has a line of {len(line)} characters, at most {WIDTH} fit: {line[:30]}"


def nothing_from_elsewhere(nb):
    """No path of one machine, nothing fetched from the net."""
    for cell in nb.cells:
        texts = [cell.source, *(text_of(output) for output in cell.get("outputs", []))]
        for found in filter(None, map(HOME.search, texts)):
            path = found.string[found.start() :][:30]
            yield f"{name(cell)} has a path of one machine: {path!r}"
        if cell.cell_type == "code" and FETCH.search(cell.source):
            yield f"{name(cell)} reaches for the network: {FETCH.search(cell.source)[0]!r}"


def measured_numbers_are_marked(nb):
    """A decimal in an output is marked by ≈, or stands in the source, or is a multiple of 1/16."""
    written = {value(token) for cell in code(nb) for token in numbers(cell.source)}
    for cell in code(nb):
        for output in cell.outputs:
            for token in numbers(unmarked(text_of(output))):
                exact = value(token) is not None and (abs(value(token)) in written or value(token) * 16 % 1 == 0)
                if not exact:
                    yield f"{name(cell)} prints {token} unmarked: mark it by ≈ if it is measured"


def the_parts_are_there(nb):
    """Title, what you will do and need, verdicts if claims are met, takeaways, exercises, references."""
    markdown = [cell.source for cell in nb.cells if cell.cell_type == "markdown"]
    if not nb.cells or not re.match(r"# \S", nb.cells[0].source) or nb.cells[0].cell_type != "markdown":
        yield "the notebook begins without a title, `# …`"
    opening = "\n".join(markdown[:3]).lower()
    for words in ("you will", "afterwards you can", "you need"):
        if f"**{words}**" not in opening:
            yield f"the first three texts do not say **{words}**"
    parts = sections(nb)
    met = any(verdicts(nb))
    wanted = [part for part in SECTIONS if met or part != "Verdicts"]
    found = [part for heading in parts for part in wanted if part.lower() in heading.lower()]
    if found != wanted:
        yield f"the closing sections are {found}, expected {wanted}, each once and in this order"
    takeaways = next((text for heading, text in parts.items() if "takeaways" in heading.lower()), "")
    count = len(re.findall(r"^ {0,3}(?:[-*]|\d+\.) ", takeaways, re.M))
    if count != 3:
        yield f"there are {count} takeaways, expected a list of 3"
    if not re.search(r"^(?:#+ .*\bnext\b|\*\*[^*\n]*\bnext\b)", "\n".join(markdown[-4:]), re.M | re.I):
        yield "the last texts do not say what comes next (a heading, or words in bold, with 'next')"


def the_card_is_there(nb):
    """Right after the takeaways stands one section `## On one card`, with a table or a figure."""
    headings, inside, filled = [], False, False
    for cell in nb.cells:
        if cell.cell_type == "code":
            filled |= inside and any("image/png" in output.get("data", {}) for output in cell.outputs)
            continue
        for part in re.split(r"^(?=##? )", without_code(cell.source), flags=re.M):
            if re.match("##? ", part):
                headings.append(part.splitlines()[0].strip())
                inside = headings[-1] == CARD
            filled |= inside and len(rows(part)) > 2  # names of the columns, a line below them, and more
            for row in rows(part) if inside else []:
                if len(re.split(BAR, row)) != len(re.split(BAR, rows(part)[0])):
                    yield f"{name(cell)} has a row with more or fewer cells than the first: {row[:40]}…"
    if headings.count(CARD) != 1:
        yield f"there are {headings.count(CARD)} sections {CARD!r}, expected one"
        return
    above = headings[headings.index(CARD) - 1]
    if "takeaways" not in above.lower():
        yield f"{CARD!r} stands after {above!r}, expected after the takeaways"
    if not filled:
        yield f"{CARD!r} holds neither a table nor a figure"


def paragraphs_are_short(nb):
    """Paragraphs stay under eighty words."""
    for cell in nb.cells:
        for paragraph in paragraphs(cell.source) if cell.cell_type == "markdown" else []:
            if len(paragraph.split()) >= WORDS:
                yield f"{name(cell)} has a paragraph of {len(paragraph.split())} words: {paragraph[:50]}…"


def prose_quotes_what_was_printed(nb):
    """A decimal or a percentage in the prose stands, perhaps rounded, in an output or a source above it.

    Free are 0, 50 and 100 %, claims and other quotations, code, formulas, links, headings, what you need,
    exercises and references. The title's text may quote any output of the notebook.
    """
    above = {value(token) for token in numbers(" ".join(CLAIMS.values()), bare=True)} | {0.0, 0.5}
    everything = {value(token) for cell in code(nb) for token in numbers(said(cell), bare=True)}
    closing = False
    for place, cell in enumerate(nb.cells):
        if cell.cell_type == "code":
            above |= {value(token) for token in numbers(said(cell), bare=True)}
            continue
        for part in re.split(r"^(?=##? )", without_code(cell.source), flags=re.M):
            if part.startswith("#"):
                closing = bool(re.match("##? .*(exercise|reference)", part, re.I))
            known = (above | everything if place == 0 else above) - {None}
            for token in [] if closing else quoted_numbers(part):
                if not any(rounds_to(seen, token) for seen in known):
                    yield f"{name(cell)} says {token}, which no cell above prints: print it there, or drop it"


def expectations_are_said(nb):
    """What a notebook asserts it says in words, by `expect`: no assert stands in it, and no line ends in ": True"."""
    for cell in code(nb):
        if any(isinstance(node, ast.Assert) for node in ast.walk(parsed(cell.source))):
            yield f"{name(cell)} asserts: say it by expect, in words"
        for line in re.findall(r"^.*: True$", printed(cell), re.M):
            yield f"{name(cell)} prints {line!r}: say it by expect, in words"


def all_that_is_random_begins_with_the_seed(nb):
    """No seed is a plain number, so that another SEED changes all that is random."""
    for cell in code(nb):
        for node in ast.walk(parsed(cell.source)):
            for seed in filter(None, seeds(node)):
                if not any(isinstance(part, ast.Name) for part in ast.walk(seed)):
                    yield f"{name(cell)} has the seed {ast.unparse(seed)}: write it as SEED plus a number"


def seeds(node):
    """What a piece of code uses as seeds: in a call, as the default of a parameter, or in a loop."""
    if isinstance(node, ast.Call):
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called in ("manual_seed", "default_rng", "seed_everything", "seed"):
            yield from node.args
        yield from (word.value for word in node.keywords if word.arg in ("seed", "seeds"))
    elif isinstance(node, ast.arguments):
        named = node.posonlyargs + node.args
        pairs = [*zip(named[len(named) - len(node.defaults) :], node.defaults, strict=True)]
        pairs += zip(node.kwonlyargs, node.kw_defaults, strict=True)
        yield from (default for argument, default in pairs if argument.arg in ("seed", "seeds"))
    elif isinstance(node, ast.For | ast.comprehension) and getattr(node.target, "id", "") == "seed":
        # names of functions, as of range, say nothing of where the seeds come from
        yield ast.Tuple(node.iter.args) if isinstance(node.iter, ast.Call) else node.iter


def nothing_is_left_to_be_written(nb):
    """No part of the skeleton by `python3 run.py new` waits for its author."""
    for cell in nb.cells:
        if MARK in cell.source:
            yield f"{name(cell)} says {MARK!r}: write it"


GATES = (
    every_cell_ran_in_order,
    no_cell_complains,
    figures_are_there,
    nothing_is_skipped,
    cells_are_short,
    nothing_from_elsewhere,
    measured_numbers_are_marked,
    the_parts_are_there,
    the_card_is_there,
    paragraphs_are_short,
    prose_quotes_what_was_printed,
    expectations_are_said,
    all_that_is_random_begins_with_the_seed,
    nothing_is_left_to_be_written,
)


def share_compared(notebooks):
    """Of the cells that print, the part where nbval compares words or numbers; figures are no printing."""
    texts = [printed(cell, figures=False) for nb in notebooks for cell in code(nb)]
    texts = [text for text in texts if text.strip()]
    return sum(bool(re.search(r"\w", unmarked(text))) for text in texts) / max(1, len(texts))


def code(nb):
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def name(cell):
    """Where a cell is: its id and its first line."""
    return f"cell {cell.get('id', '?')} ({(cell.source.strip().splitlines() or [''])[0][:40]!r})"


def text_of(output):
    """What nbval compares of an output: a stream's text, or the texts of a shown object."""
    data = output.get("data", {})
    return output.get("text", "") + "\n".join(str(data[kind]) for kind in data if not kind.startswith("image/png"))


def printed(cell, figures=True):
    return "\n".join(text_of(output) for output in cell.outputs if figures or "image/png" not in output.get("data", {}))


def said(cell):
    """A cell's source and outputs."""
    return cell.source + "\n" + printed(cell)


def unmarked(text):
    return VALUE.sub("≈", FREE_LINE.sub("", text))


def numbers(text, bare=False):
    """The decimals in a text, as they are written; the integers too if `bare`."""
    text = text.replace("−", "-")
    return (
        re.findall(r"(?<![\w.])[-+]?(?:\d[\d,_]*)?\.?\d+(?:e[-+]?\d+)?", text, re.I) if bare else NUMBER.findall(text)
    )


def value(token):
    """The number that a text writes; None for a version such as 2.15.0."""
    try:
        return float(token.replace(",", "").replace("_", ""))
    except ValueError:
        return None


def calls_show(source):
    """Whether the cell itself calls show(), not only inside a function that it defines."""
    nodes = list(parsed(source).body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Call) and "show" == getattr(node.func, "id", getattr(node.func, "attr", "")):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            nodes += ast.iter_child_nodes(node)
    return False


def parsed(source):
    """The syntax tree of a cell, without what only IPython understands."""
    return ast.parse("\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))))


def sections(nb):
    """Heading to the text below it, over the whole notebook."""
    text = "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    parts = re.split(r"^#{1,6} +(.+)$", without_code(text), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def paragraphs(text):
    """Blocks between blank lines and items of lists; no code blocks, no tables."""
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", without_code(text))
    return [block.strip() for block in blocks if block.strip() and not block.strip().startswith("|")]


def rows(text):
    """The rows of the tables in a text, as Markdown has them."""
    return [line.strip() for line in text.splitlines() if line.strip().startswith("|")]


def quoted_numbers(text):
    """The decimals and percentages that a text states itself."""
    for free in (
        r"^#.*$",
        r"^>.*$",
        r"`[^`\n]*`",
        r"\$\$[\s\S]*?\$\$",
        r"\$[^$\n]*\$",
        r"\]\([^)]*\)",
        r"https?://\S+",
        r"“[^”]*”",
        r"\"[^\"\n]*\"",
        r"\*\*you need\*\*[\s\S]*?(?=\n\n|\Z)",
        r"arXiv:\S+",
        r"(?:section|chapter|figure|version|Python|torch|PyTorch) \d[\d.]*",
    ):
        text = re.sub(free, " ", text, flags=re.M | re.I)
    percents = re.findall(r"(?<![\w.])(\d[\d.]*)(?= ?(?:%|percent\b))", text)
    return [*percents, *(token for token in NUMBER.findall(text) if token not in percents)]


def rounds_to(seen, token):
    """Whether a number or its hundredfold, rounded as the prose rounds, is what the prose says."""
    wanted = value(token)
    places = len(token.partition(".")[2]) if "e" not in token.lower() else 12
    return wanted is None or any(abs(abs(v) - abs(wanted)) <= 0.5000001 * 10**-places for v in (seen, 100 * seen))
