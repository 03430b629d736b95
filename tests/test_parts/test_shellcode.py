"""Shell scripts as text: what is expanded between which quotes, what is code, what is assigned."""

import pytest

from toolkit.hooks.lint import shellcode

# Each expansion as LINE:NAME, with q for quoted
USES = {
    "$A": "1:A",
    '"$A" $B': "1:A:q 1:B",
    "'$A' $B": "1:B",
    '"it\'s $A" $B': "1:A:q 1:B",
    "'say \"' $A '\"'": "1:A",
    "\\$A \\\\$B": "1:B",
    "\\'$A\\'": "1:A",
    "$'\\'' $A": "1:A",
    "$'$A' \"$'\" $B \"'\"": "1:B",
    "$'\\'$A' $B": "1:B",
    "'\\' $A": "1:A",
    '"( $A" $B': "1:A:q 1:B",
    "# $A\n$B": "2:B",
    "#$A\n$B": "2:B",
    "x#$A": "1:A",
    'x "#" $A': "1:A",
    '"a # $A"': "1:A:q",
    "x;# $A": "",
    "${A#$B} $C": "1:A 1:B 1:C",
    "${#A} ${!B}": "1:A 1:B",
    '"${A:-"$B"}" $C': "1:A:q 1:B:q 1:C",
    "\"${A:-'$B'}\" $C": "1:A:q 1:B:q 1:C",
    "${A:-'$B'} $C": "1:A 1:C",
    '"$(x "$A" $B)" $C': "1:A:q 1:B 1:C",
    '"$(x # $A)\n$B)" "$C"': "2:B 2:C:q",
    '"`x $A`" $B': "1:A 1:B",
    "`x '`' $A`": "1:A",
    "$((A + $B)) $C": "1:B 1:C",
    "$((1<<E)) $A\n$B\nE\n": "1:A 2:B",
    '"a\n$A\n" $B': "2:A:q 3:B",
    "case x in a) $A ;; esac": "1:A",
    "f() { $A; } ; (x; $B)": "1:A 1:B",
    "cat <<E $A\n$B '$C' \"\nE\n$D": "1:A 2:B:q 2:C:q 4:D",
    "cat <<'E'\n$A\nE\n$B": "4:B",
    'cat <<"E F"\n$A\nE F\n$B': "4:B",
    "cat <<\\E\n$A\nE\n$B": "4:B",
    "cat <<-E\n\t$A\n\tE\n$B": "2:A:q 4:B",
    "cat <<E\n\t$A\n\tE\n$B": "2:A:q 4:B:q",
    "cat <<A <<B\n$X\nA\n$Y\nB\n$Z": "2:X:q 4:Y:q 6:Z",
    'cat <<<"$A"\n$B': "1:A:q 2:B",
    '"<<E" $A\n$B\nE': "1:A 2:B",
    "$1 ${10} $@ $? $$": "1:1 1:10 1:@ 1:? 1:$",
    "a$": "",
}


@pytest.mark.parametrize("text", USES)
def test_expansions(text):
    uses = shellcode.read(text).uses
    assert " ".join(f"{use.line}:{use.name}{':q' * use.quoted}" for use in uses) == USES[text]


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("a 'b' \"c $D\" # e", "a ' ' \"  $D\"    "),
        ("a \"$(b 'c' d)\"", "a \"$(b ' ' d)\""),
        ('a "${B:-c}" ${B:-c}', 'a "${B:- }" ${B:-c}'),
        ("a <<E\nb $C\nE\nd", "a <<E\n    \n \nd"),
        ("a\\\nb", "a\\\nb"),
        ("'a\nb'c", "' \n 'c"),
    ],
)
def test_code(text, bare):
    script = shellcode.read(text)
    assert "\n".join(script.bare) == bare.replace("b $C", "    ")
    assert [len(line) for line in script.code] == [len(line) for line in text.split("\n")]


def test_commands_are_joined_and_keep_the_number_of_their_first_line():
    script = shellcode.read("a\nb \\\n c\\\nd\ne")
    assert list(script.commands()) == [(1, "a"), (2, "b   c d"), (5, "e")]
    assert list(shellcode.read("a \\").commands()) == [(1, "a  ")]


ASSIGNED = {
    "A=1": "A",
    "A=1 B=2 x; C=3": "A B C",
    "x A=1; y -A=1; z --a=b": "A",
    'A=$A B=${B:-1} C="$C"': "",
    'A="$B $A"': "",
    "A=$B": "A",
    "A+=1": "A",
    "[ A == B ]": "",
    "(A=1) && B=2 | C=3": "A B C",
    "for A in 1; do :; done": "A",
    "while read -r A B; do :; done": "A B",
    "local A B=1": "A B",
    "export A": "",
    "export A=1": "A",
    "readonly A=1": "A",
    "getopts ab: A": "A",
    "printf -v A x": "A",
    "readarray -t A < x": "A",
    ': "${A:=1}" ${B=1} ${C:-1}': "A B",
    "# A=1": "",
    "'A=1' \"B=1\"": "",
}


@pytest.mark.parametrize("text", ASSIGNED)
def test_assigned(text):
    assert shellcode.read(text).assigned() == set(ASSIGNED[text].split())


@pytest.mark.parametrize(
    ("text", "split"),
    [
        *[("x $A", True), ('x "$A"', False), ("A=$A", False), ("B= $A", True), ("x B=$A", False), ("x >$A", True)],
        *[("case $A in", False), ("case a in b) $A", True), ("[[ $A ]]", False), ("[ $A ]", True), ("(($A))", False)],
        *[("x a$A", True), ("x <<E\n$A\nE", False), ("B=1; $A", True)],
    ],
)
def test_splitting(text, split):
    assert [use.split for use in shellcode.read(text).uses] == [split]
