"""The pages say what the programs do: options, environment and programs in both are the same."""
import os
import re
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SRC = os.path.join(ROOT, "src")
MAN = os.path.join(ROOT, "man")

MADE = subprocess.run(["make", "-s", "list-programs"], cwd=ROOT, capture_output=True, text=True,
                          check=True).stdout.split()
# (source_test finds the program that has no page)
PAGES = {p.rsplit(".", 1)[0]: os.path.join(MAN, p) for p in os.listdir(MAN) if p != "doc"}
PROGRAMS = [p for p in MADE if p in PAGES]


def read(path):
    with open(path, encoding="ascii") as f:
        return f.read()


def code(path):
    """C without comments, or a script without them."""
    text = read(path)
    if path.endswith(".sh"):
        return re.sub(r"^\s*#.*", "", text, flags=re.M)
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


# ---- which sources a program is made of

def own_sources(program):
    name = program[6:] if program.startswith("qmail-") else program
    if program == "sendmail":
        return [os.path.join(SRC, "inject/sendmail.c")]
    for path in ("tools/%s.c", "tools/%s.sh", "users/%s.c"):
        path = os.path.join(SRC, path % name)
        if os.path.exists(path):
            return [path]
    folders = [name] + {"lspawn": ["spawn", "recipient"], "rspawn": ["spawn"], "rcptd": ["recipient"],
                        "explain": ["recipient"], "lint": ["recipient", "install"], "domain": ["recipient"]}.get(name, [])
    return [os.path.join(SRC, d, f) for d in folders for f in sorted(os.listdir(os.path.join(SRC, d)))
            if f.endswith(".c") and f != "sendmail.c"]


def headers(path):
    """All that it includes, at first or second hand."""
    todo = [path]
    done = []
    while todo:
        at = todo.pop()
        for inc in re.findall(r'#include "([^"]+)"', code(at)):
            for h in (os.path.join(os.path.dirname(at), inc), os.path.join(SRC, inc)):
                if os.path.exists(h) and h not in done:
                    done.append(h)
                    todo.append(h)
    return done


def functions(header):
    return re.findall(r"^extern [^;]*?\b(\w+)\(", code(header), re.M)


def sources(program):
    """Its own, and those of the layers whose functions it calls, however far down: what the linker takes."""
    todo = own_sources(program)
    done = []
    while todo:
        path = todo.pop()
        done.append(path)
        text = code(path)
        for h in headers(path):
            module = h[:-2] + ".c"
            if module not in done + todo and os.path.exists(module) and any(
                    re.search(r"\b%s\b" % f, text) for f in functions(h)):
                todo.append(module)
    return done


# ---- environment

NAME = re.compile(r'"([A-Z][A-Z0-9_]{3,})=?"')
# Names that are put together out of words: only those that stand there whole count.
COMPOSED = {"tcp-env.c"}


def variables_read(program):
    """In a source that reads the environment every such word is a variable."""
    names = set()
    for path in sources(program):
        text = code(path)
        if os.path.basename(path) in COMPOSED:
            names |= set(re.findall(r'env\("(\w+)"', text))
        elif re.search(r"\bgetenv\(", text):
            names |= set(NAME.findall(text))
        if re.search(r"\bposix_spawnp\b|\bm?exec(?:_\w+)?\(", text):
            names.add("PATH")
        if "localtime_r(" in text:
            names.add("TZ")
        for other in re.findall(r"@QMAIL@/bin/([\w-]+)", text) if path.endswith(".sh") else ():
            names |= variables_read(other)
    return names


def section(page, title):
    m = re.search(r"^\.Sh %s\n(.*?)(?=^\.Sh |\Z)" % title, page, re.M | re.S)
    return m[1] if m else ""


def variables_listed(page):
    return {n for line in re.findall(r"^\.It Ev (.*)", section(page, "ENVIRONMENT"), re.M)
            for n in re.findall(r"[A-Z][A-Z0-9_]+", line)}


def variables_named(page):
    return {n for line in re.findall(r"(?:^\.| )Ev (.*)", page, re.M) for n in re.findall(r"[A-Z][A-Z0-9_]+", line)}


def variables_told(name, seen=()):
    """Those in the page, and in the pages that its ENVIRONMENT refers to."""
    page = read(PAGES[name])
    told = variables_named(page)
    for other in re.findall(r"^\.Xr (\S+) \d", section(page, "ENVIRONMENT"), re.M):
        if other in PAGES and other not in seen:
            told |= variables_told(other, (*seen, name))
    return told


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_variable_has_its_place_in_the_page(program):
    used = variables_read(program)
    assert used - variables_told(program) - {"PATH"} == set(), "read, and not in the page"
    assert variables_listed(read(PAGES[program])) - used == set(), "in the page, and not read"


# ---- options

def letters(program):
    """The option letters of a program, with a colon behind those that take a value."""
    found = ""
    for path in own_sources(program):
        text = code(path)
        for arg in re.findall(r"\b(?:option_next|subgetopt_r)\(argc, argv, ([^,]+),", text):
            m = re.fullmatch(r'"([^"]*)"', arg) or re.search(r'\b%s(?:\[\] =)? "([^"]*)"' % re.escape(arg), text)
            assert m, "%s: letters of %s" % (path, arg)
            found += m[1]
    return found


def options_of(words, known):
    """The letters that Fl's arguments show; the value of an option may stand right behind it."""
    out = set()
    for word in words:
        for c in word:
            out.add(c)
            if c + ":" in known:
                break
    return out - {"-"}


def flags(pattern, page):
    out = []
    for line in re.findall(pattern, page, re.M):
        for part in re.split(r"(?:^|\s)Fl\s", line):
            words = part.replace("\\&", "").split()
            while words and (words[0] == "," or not re.fullmatch(r"[A-Z][a-z]", words[0])):
                out.append(words.pop(0).strip(",.:;"))
    return [w for w in out if w]


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_option_has_its_place_in_the_page(program):
    page = read(PAGES[program])
    known = letters(program)
    have = set(known) - {":"}
    assert have - options_of(flags(r"^\.(?:It |Op )?Fl (.*)", page), known) == set(), "taken, and not in the page"
    assert options_of(flags(r"^\.(?:It|Op) Fl (.*)", page), known) - have == set(), "in the page, and not taken"


# ---- the map

def test_the_map_names_every_page_and_program():
    text = read(PAGES["qmail"])
    named = set(re.findall(r"^\.(?:It )?Xr (\S+) \d", text, re.M))
    assert set(PAGES) - {"qmail"} - named == set()
    assert set(MADE) - named == set()


def test_references_lead_somewhere():
    lost = []
    for name, path in PAGES.items():
        for to, sec in re.findall(r"^\.(?:It )?Xr (\S+) (\d)", read(path), re.M):
            ours = to in PAGES or to in MADE or to.startswith("qmail")
            if ours and not PAGES.get(to, "").endswith("." + sec):
                lost.append("%s: %s(%s)" % (name, to, sec))
    assert lost == []


# ---- doc/

DOC = os.path.join(MAN, "doc")
DOC_NAMES = ("FAQ UPGRADE SENDMAIL INSTALL INSTALL.alias INSTALL.ctl INSTALL.ids INSTALL.maildir INSTALL.mbox "
             "INSTALL.vsm TEST.deliver TEST.receive REMOVE.sendmail REMOVE.binmail PIC.local2alias PIC.local2ext "
             "PIC.local2local PIC.local2rem PIC.local2virt PIC.nullclient PIC.relaybad PIC.relaygood "
             "PIC.rem2local").split()


def test_doc_has_the_names_that_administrators_know():
    assert sorted(os.listdir(DOC)) == sorted(n + ".md" for n in DOC_NAMES)


@pytest.mark.parametrize("name", DOC_NAMES)
def test_doc_names_only_what_there_is(name):
    text = read(os.path.join(DOC, name + ".md"))
    lost = [p for p in re.findall(r"@QMAIL@/bin/([\w-]+)", text) if p not in MADE]
    lost += [p for p in re.findall(r"@QMAIL@/boot/([\w+/-]*[\w+])", text)
             if not os.path.exists(os.path.join(ROOT, "boot", p))]
    lost += [p for p in re.findall(r"\b([A-Z]{3,}[\w.]*)\.md\b", text) if p not in DOC_NAMES]
    lost += [p for p, sec in re.findall(r"`([\w.-]+)`\((\d)\)", text) if not PAGES.get(p, "").endswith("." + sec)]
    known = set(re.findall(r"^\.Ss (.*)", read(PAGES["qmail-control"]), re.M))
    known = {w for line in known for w in re.split(r"[ ,]+", line)}
    lost += [c for c in re.findall(r"\bcontrol/([a-z]+)\b", text) if c not in known | {"me"}]
    assert lost == []
    assert "/var/qmail" not in text and max(map(len, text.split("\n"))) <= 130


# ---- qmail-reliability(7) and the README name tests

@pytest.mark.parametrize("page", ["man/qmail-reliability.7", "README"])
def test_tests_that_are_named_exist(page):
    text = read(os.path.join(ROOT, page))
    missing = [f for f in re.findall(r"\btests/[\w/.]*\w", text) if not os.path.exists(os.path.join(ROOT, f))]
    # the words behind the command, up to the two blanks before what they are for
    for words in re.findall(r"tests/crash/run ((?:[a-z]+ )*[a-z]+)(?:  |$)", text, re.M):
        missing += [s for s in words.split() if not os.access(os.path.join(ROOT, "tests/crash/%s.py" % s), os.X_OK)]
    parts = re.search(r'^quick="(.*)"\nfull="\$quick (.*)"\nlong="\$full (.*)"$', read(os.path.join(ROOT, "tests/run")), re.M)
    for part in re.findall(r"tests/run ([a-z]+)", text):
        if part not in " ".join(parts.groups()).split():
            missing.append("tests/run " + part)
    assert missing == []


def test_the_page_shows_each_promise_of_the_readme():
    promises = re.findall(r"^(P\d)  ", read(os.path.join(ROOT, "README")), re.M)
    shown = re.split(r"^\.Ss (P\d): .*\n", read(os.path.join(MAN, "qmail-reliability.7")), flags=re.M)
    assert promises == shown[1::2] == ["P%d" % n for n in range(1, 7)]
    assert all("tests/" in body for body in shown[2::2])


# ---- qmail-control(5) and the table by which qmail-lint goes

def test_qmail_lint_knows_every_control_file():
    overview = dict(re.findall(r"^\.It (\w+) Ta (\w+) Ta ", read(PAGES["qmail-control"]), re.M))
    table = dict(re.findall(r'^\t\{ "(\w+)", ([A-Z]+), ', code(os.path.join(SRC, "lint/controls.c")), re.M))
    assert set(overview) == set(table), "each file of the page needs a line in src/lint/controls.c, and the other way round"
    kinds = {"LINE": "line", "HOST": "line", "NUMBER": "number", "LIST": "list", "MAP": "map", "COUNTS": "map", "INSTRUCTIONS": "text", "ANYTHING": "text"}
    assert {n: kinds[k] for n, k in table.items()} == overview
