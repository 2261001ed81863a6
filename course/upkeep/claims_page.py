"""The page notebooks/CLAIMS.md: each claim, its verdict, and the runs behind it."""

from collections.abc import Iterator, Mapping

from course.claims.verdicts import CLAIMS, recorded

PAGE = "notebooks/CLAIMS.md"  # from README.md
NAMES = {"any": "no data needed", "digits": "the stand-in", "radar": "real radar", "storms": "made storms"}
SURPRISES = ("c1", "c5", "c6")  # those that README shows
HEAD = """# What people say, and what we measured

The course grew out of study notes by learners. What these claim is tested where it comes up. `python3 run.py claims`
writes this page: it runs each notebook with five seeds or more, which change all that is random, and keeps every
single run in `course/claims/bands.json`.

A figure is the median of single runs, with their range and number; a difference is the mean over pairs of runs that
share a seed, with its 95 % interval by bootstrap over the seeds. If the interval holds 0, or what the claim says, it is
a tie: *not distinguishable here*. *Upheld* says in how many runs of the notebook the verdict was the same, and all that
the notebook expects was so. The sign ≈ marks a measured number.
"""


def claims_page(measured: Mapping[str, dict]) -> str:
    """Return the page as Markdown. Raises: ValueError if a claim was not measured."""
    lines = [HEAD, "| | claim | verdict | the first figure | upheld | in |", "|---|---|---|---|---|---|"]
    for claim, text in CLAIMS.items():
        record = _record(claim, measured)
        data, result = _best(record)
        judged = recorded(claim, record, data)
        first = next(iter(judged.figures.items()), None)
        figure = f"{first[0].replace('_', ' ')}: {first[1]}" if first else "exact"
        upheld = f"{result['held']} of {result['seeds']}"
        link = f"[{record['notebook'][:2]}]({record['notebook']}.ipynb)"
        text = text.replace("|", "\\|")
        lines.append(f"| [{claim}](#{claim}) | {text} | {judged.judgement} | {figure} | {upheld} | {link} |")
    lines += ["", "## The evidence", ""]
    for claim, text in CLAIMS.items():
        lines += [f'<a id="{claim}"></a>**{claim}** · {text} · {measured[claim]["judgement"]}', ""]
        lines += [f"- {words}" for words in _told(claim, measured[claim])] + [""]
    return "\n".join(lines)


def surprises(measured: Mapping[str, dict]) -> str:
    """Return the lines of README.md. Raises: ValueError if one of the claims was not measured."""
    lines = []
    for claim in SURPRISES:
        record = _record(claim, measured)
        judged = recorded(claim, record, _best(record)[0])
        link = f"[{record['notebook'][:2]}](notebooks/{record['notebook']}.ipynb)"
        lines.append(f"- *{CLAIMS[claim]}*: **{judged.judgement}** ({link}); {judged.evidence()}.")
    return "\n".join(lines)


def _record(claim: str, measured: Mapping[str, dict]) -> dict:
    if not measured.get(claim, {}).get("measured"):
        raise ValueError(f"{claim} was not measured: call python3 run.py claims with the notebook that judges it")
    return measured[claim]


def _best(record: dict) -> tuple[str, dict]:
    """Return the data that count most, real ones if they were there, and what they gave."""
    return max(record["measured"].items(), key=lambda item: item[0] in ("MNIST", "radar"))


def _told(claim: str, record: dict) -> Iterator[str]:
    for data, result in record["measured"].items():
        where = NAMES.get(data, data)
        upheld = f"upheld in {result['held']} of {result['seeds']} runs"
        yield f"{where}, {upheld}: {recorded(claim, record, data).evidence()}"
