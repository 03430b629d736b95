"""Shell scripts read as text: what they expand, what they assign, what is code. Nothing is run.

It is a reader for people's habits, not a parser of the grammar: an odd script may be misread, never executed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

_NAME = r"[A-Za-z_]\w*"
_EXPANSION = re.compile(rf"\$(?:({_NAME}|[0-9@*#?$!-])|\{{[!#]?({_NAME}|\d+|[@*#?$!-])(:?[-=?+]|[#%/^,:@\[])?)")
# Dash, quote, word between quotes, word after a backslash, word
_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:([\"'])(.+?)\2|\\([\w.!-]+)|([A-Za-z_!][\w.!-]*))")
_ASSIGNED = (
    re.compile(rf"(?:^|[\s;&|(){{}}`!])({_NAME})\+?=(?!=)((?:\"[^\"]*\"|\$\{{[^}}]*\}}|[^\s;|&\"])*)"),
    re.compile(rf"\bfor\s+({_NAME})()\b"),
    re.compile(rf"\bgetopts\s+\S+\s+({_NAME})()"),
    re.compile(rf"\bprintf\s+-v\s+({_NAME})()"),
    re.compile(rf"\b(?:mapfile|readarray)\b[^<|;&]*\s({_NAME})()\s*(?:[<|;&]|$)"),
)
_LISTED = re.compile(r"\b(?:read|local|declare|typeset)\b([^;|&<>]*)")
# Of a line, and of a command before an expansion, that much is looked at.
LONGEST_LINE = 4096
_BEFORE = 512
_PLAIN, _QUOTED, _PAREN, _BRACE, _TICK = "plain", "quoted", "paren", "brace", "tick"


@dataclass(frozen=True)
class Use:
    """An expansion: `operator` is what follows the name in braces, `before` its command up to here."""

    line: int
    name: str
    operator: str
    quoted: bool
    before: str

    @property
    def split(self) -> bool:
        """Whether the shell cuts the value into words: not between quotes, in an assignment, `case` or `[[`."""
        safe = rf"(?:^|[\s;&|({{`]){_NAME}\+?=[^\s;|&]*$|\bcase\s+[^\s;]*$|\[\[[^\]]*$|\(\([^)]*$"
        return not self.quoted and not re.search(safe, self.before)


@dataclass
class Script:
    """`code`: the lines without comments; `bare`: of what stands between quotes only the expansions, too."""

    uses: list[Use] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)

    def commands(self) -> Iterator[tuple[int, str]]:
        """The lines of `code` with their numbers, those that end in a backslash joined with the next."""
        yield from _joined(self.code)

    def bare_commands(self) -> Iterator[tuple[int, str]]:
        """The same of `bare`."""
        yield from _joined(self.bare)

    def assigned(self) -> set[str]:
        """Names that the script gives a value that is not made of the same name's."""
        found: set[str] = {use.name for use in self.uses if use.operator in ("=", ":=")}
        for line in (line[:LONGEST_LINE] for line in self.bare):
            for pattern in _ASSIGNED:
                found.update(n for n, value in pattern.findall(line) if not re.search(rf"\$\{{?{n}\b", value))
            for words in _LISTED.findall(line):
                found.update(word for word in words.split() if re.fullmatch(_NAME, word))
        return found


def read(text: str) -> Script:
    """The script of this text."""
    return _Reader(text).read()


def _joined(lines: list[str]) -> Iterator[tuple[int, str]]:
    first, text = 0, ""
    for number, line in enumerate(lines, 1):
        first = first or number
        text += line
        if line.endswith("\\"):
            text = text[:-1] + " "
            continue
        yield first, text[:LONGEST_LINE]
        first, text = 0, ""
    if text:
        yield first, text[:LONGEST_LINE]


class _Reader:
    """Walks over the text once, and remembers between which quotes and brackets it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._at = 0
        self._start = 0
        self._inside = [_PLAIN]
        self._heredocs: list[tuple[str, bool, bool]] = []
        self._code: list[str] = []
        self._bare: list[str] = []
        self._script = Script()

    def read(self) -> Script:
        while self._at < len(self._text):
            self._step(self._text[self._at])
        self._script.code = "".join(self._code).split("\n")
        self._script.bare = "".join(self._bare).split("\n")
        return self._script

    def _step(self, char: str) -> None:
        inside = self._inside[-1]
        if char == "\n":
            self._keep(1)
            if inside != _QUOTED:
                self._start = self._at
                self._bodies()
        elif char == "\\":
            self._keep(2)
        elif char == "'" and not self._is_quoted():
            self._single(self._at + 1)
        elif char == "#" and inside in (_PLAIN, _PAREN, _TICK) and self._begins_word():
            self._drop(self._line_end())
        elif char == "$":
            self._dollar()
        elif self._text.startswith("<<<", self._at):
            self._keep(3)
        elif char == "<" and inside != _QUOTED and (match := self._heredoc()):
            self._heredocs.append((match[3] or match[4] or match[5], not match[5], bool(match[1])))
            self._keep(len(match[0]))
        else:
            quoted = self._is_quoted() and char != '"' and (char, inside) != ("}", _BRACE)
            self._bracket(char, inside)
            self._keep(1, bare=not quoted)

    def _bracket(self, char: str, inside: str) -> None:
        if char == '"':
            self._toggle(_QUOTED)
        elif char == "`":
            self._toggle(_TICK)
        elif char == "(" and inside != _QUOTED:
            self._inside.append(_PAREN)
        elif (char, inside) in ((")", _PAREN), ("}", _BRACE)):
            self._inside.pop()

    def _dollar(self) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        if following == "(":
            self._inside.append(_PAREN)
            self._keep(2)
        elif following == "'" and not self._is_quoted():
            self._keep(1)
            self._single(self._at + 1, escapes=True)
        elif match := _EXPANSION.match(self._text, self._at):
            before = "".join(self._code[max(self._start, self._at - _BEFORE) :])  # it has as many as were read
            name, operator = match[1] or match[2], match[3] or ""
            self._script.uses.append(
                Use(self._number(self._at), name, operator, self._is_quoted(), before.replace("\\\n", "  "))
            )
            if match[2]:
                self._inside.append(_BRACE)
            self._keep(match.end() - self._at)
        else:
            self._keep(1)

    def _single(self, begin: int, *, escapes: bool = False) -> None:
        end = begin
        while end < len(self._text) and self._text[end] != "'":
            end += 2 if escapes and self._text[end] == "\\" else 1
        self._code.extend(self._text[self._at : end + 1])
        self._bare.extend(c if c in "'\n" else " " for c in self._text[self._at : end + 1])
        self._at = end + 1

    def _bodies(self) -> None:
        """The documents that follow the line, each until its word."""
        for word, literal, tabs in self._heredocs:
            while self._at < len(self._text):
                end = self._line_end()
                line = self._text[self._at : end]
                if (line.lstrip("\t") if tabs else line) == word:
                    self._drop(end)
                    break
                for match in () if literal else _EXPANSION.finditer(line):
                    name, operator = match[1] or match[2], match[3] or ""
                    self._script.uses.append(Use(self._number(self._at), name, operator, True, ""))
                self._drop(min(end + 1, len(self._text)))
        self._heredocs.clear()
        self._start = self._at

    def _heredoc(self) -> re.Match[str] | None:
        # `$((x<<y))` shifts
        return None if self._inside[-2:] == [_PAREN, _PAREN] else _HEREDOC.match(self._text, self._at)

    def _is_quoted(self) -> bool:
        for inside in reversed(self._inside):
            if inside != _BRACE:
                return inside == _QUOTED
        return False

    def _toggle(self, what: str) -> None:
        if self._inside[-1] == what:
            self._inside.pop()
        else:
            self._inside.append(what)

    def _begins_word(self) -> bool:
        return self._at == 0 or self._text[self._at - 1] in " \t\n;&|()"

    def _line_end(self) -> int:
        end = self._text.find("\n", self._at)
        return len(self._text) if end < 0 else end

    def _number(self, at: int) -> int:
        return bisect_left(self._ends, at) + 1

    def _keep(self, count: int, *, bare: bool = True) -> None:
        kept = self._text[self._at : self._at + count]
        self._code.extend(kept)
        self._bare.extend(kept if bare else " " * len(kept))
        self._at += count

    def _drop(self, end: int) -> None:
        """Leave out what is no code; its line ends stay, so that the lines keep their numbers."""
        gap = [c if c == "\n" else " " for c in self._text[self._at : end]]
        self._code.extend(gap)
        self._bare.extend(gap)
        self._at = end
