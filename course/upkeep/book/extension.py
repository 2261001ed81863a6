"""What the website adds to Sphinx: formulas as MathML, and words that lead to the glossary or to a notebook."""

import re

from course import _places
from course.upkeep.book.glossary import Term, read_terms

# Sphinx and docutils are imported where they are used: they belong to the extra `book`.
NOTEBOOK = re.compile(r"(?<![\w-])[Nn]otebook (\d\d)(?!\w)")
LEFT_ALONE = ("reference", "pending_xref", "literal", "literal_block", "title", "math", "math_block", "raw")
SIZES = re.compile(r"\\[bB]igg?[lr]?(?![a-zA-Z])")  # of brackets: docutils knows none, and MathML grows them by itself
ELSEWHERE = ("glossary", "desc", "download_reference", "index", "compact_paragraph")


def setup(app) -> dict[str, bool]:
    """Called by Sphinx: `course.upkeep.book.extension` is one of its extensions."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    app.connect("doctree-read", link_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def link_words(app, doctree) -> None:
    """Link the first use of each term on a page to the glossary, and each name of a notebook to its page."""
    from docutils import nodes

    page = app.env.docname
    number = page[10:12] if page.startswith("notebooks/") else ""
    if page in ("glossary", "index") or page.startswith("reference/"):
        return
    stems = {path.stem[:2]: path.stem for path in _places.find_notebooks(_places.NOTEBOOKS)}
    terms = [term for term in read_terms() if not term.plain and term.number < number] if number else []
    for text in list(doctree.findall(nodes.Text)):
        above, parents = text.parent, []
        while above is not None:
            parents.append(type(above).__name__)
            above = above.parent
        if parents[0] == "literal" and text.astext() in stems.values():
            others = [one for one in parents[1:] if one in LEFT_ALONE]
            if not others and text.astext() != page.removeprefix("notebooks/"):
                _replace(text.parent, [_link("doc", f"/notebooks/{text.astext()}", text.parent.deepcopy())])
        elif not set(parents) & {*LEFT_ALONE, *ELSEWHERE}:
            pieces = _pieces(text.astext(), terms, stems, number)
            if len(pieces) > 1:
                _replace(text, pieces)


def _pieces(text: str, terms: list[Term], stems: dict[str, str], number: str) -> list:
    """Cut a text at its words that lead somewhere; a term that is found leaves the list."""
    from docutils import nodes

    found = []
    for match in NOTEBOOK.finditer(text):
        if match[1] in stems and match[1] != number:
            found.append((match.span(), "doc", f"/notebooks/{stems[match[1]]}", None))
    for term in terms:
        if match := term.where().search(text):
            found.append((match.span(), "term", term.forms[0], term))
    # Of words that overlap the longer ones count, as in "multilayer perceptron".
    chosen = []
    for one in sorted(found, key=lambda one: one[0][0] - one[0][1]):
        if all(one[0][1] <= begin or end <= one[0][0] for (begin, end), *_ in chosen):
            chosen.append(one)
            if one[3]:
                terms.remove(one[3])
    pieces, done = [], 0
    for (begin, end), kind, target, _ in sorted(chosen, key=lambda one: one[0]):
        pieces += [nodes.Text(text[done:begin])] if begin > done else []
        pieces.append(_link(kind, target, nodes.inline("", text[begin:end])))
        done = end
    return [*pieces, nodes.Text(text[done:])] if done < len(text) else pieces


def _link(kind: str, target: str, words):
    """A reference that Sphinx resolves: to a page, or to a term of the glossary."""
    from sphinx import addnodes

    look = "course-term" if kind == "term" else "course-notebook"
    words["classes"].append(look)
    options = {"refdomain": "std", "reftype": kind, "reftarget": target, "refexplicit": True, "refwarn": True}
    return addnodes.pending_xref("", words, **options)


def _replace(node, others: list) -> None:
    place = node.parent.index(node)
    node.parent[place : place + 1] = others


def to_mathml(formula: str, block: bool) -> str:
    """Return a formula of LaTeX as MathML, which browsers draw by themselves.

    Raises: ValueError if it holds what docutils does not know.
    """
    from docutils.utils.math import MathError, latex2mathml

    try:
        return latex2mathml.tex2mathml(SIZES.sub("", formula), as_block=block)
    except MathError as error:
        raise ValueError(f"the formula {formula!r} cannot be drawn ({error}): write it with simpler LaTeX") from None


def _visit_inline(translator, node) -> None:
    from docutils.nodes import SkipNode

    translator.body.append(to_mathml(node.astext(), block=False))
    raise SkipNode


def _visit_block(translator, node) -> None:
    from docutils.nodes import SkipNode

    translator.body.append(f'<div class="math" tabindex="0">{to_mathml(node.astext(), block=True)}</div>')
    raise SkipNode
