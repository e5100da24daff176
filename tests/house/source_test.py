"""Rules of the house that a look at the sources can check."""
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SRC = os.path.join(ROOT, "src")
# What a folder may include besides itself. A process may use every layer, and no other process.
LAYERS = {
    "base": set(),
    "mail": {"base"},
    "net": {"base", "mail"},
    "route": {"base", "mail"},
    "proto": {"base", "mail"},
}
ALL_LAYERS = set(LAYERS)
SHARED_BY = {"install": {"lint"}, "spawn": {"lspawn", "rspawn"}, "recipient": {"lspawn", "rcptd", "explain", "lint", "domain", "smtpd"}}
PURE = ["mail", "route"]
TOP = {"Makefile", "conf-qmail", "conf-break", "src", "man", "tests", "boot", "README", "INSTALL"}


def sources(*folders):
    for base, dirs, files in os.walk(SRC):
        folder = os.path.relpath(base, SRC)
        for f in sorted(files):
            if f.endswith((".c", ".h")) and (not folders or folder in folders):
                yield folder, f, os.path.join(base, f)


def code(path):
    """The text without comments and string literals' contents."""
    with open(path, encoding="ascii") as f:
        text = f.read()
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
    return text


def test_includes_point_only_down():
    breaches = []
    for folder, name, path in sources():
        for inc in re.findall(r'#include "([^"]+)"', code(path)):
            to = inc.split("/")[0] if "/" in inc else None
            if to is None:
                if inc != "settings.h" and not os.path.exists(os.path.join(SRC, folder, inc)):
                    breaches.append("%s/%s: %s without its folder" % (folder, name, inc))
                continue
            if to == folder:
                continue
            if folder in LAYERS:
                ok = to in LAYERS[folder]
            else:
                ok = to in ALL_LAYERS or folder in SHARED_BY.get(to, ())
            if not ok:
                breaches.append("%s/%s includes %s" % (folder, name, inc))
    assert breaches == []


def test_each_source_includes_its_own_header_first():
    wrong = []
    for folder, name, path in sources():
        own = name[:-2] + ".h"
        if name.endswith(".c") and os.path.exists(os.path.join(os.path.dirname(path), own)):
            first = re.search(r"#include (\S+)", code(path))[1]
            if first not in ('"%s"' % own, '"%s/%s"' % (folder, own)):
                wrong.append("%s/%s: %s" % (folder, name, first))
    assert wrong == []


def test_no_shell_and_no_unbounded_copy():
    banned = re.compile(r"\b(system|popen|execlp|execvp|strcpy|strcat|sprintf|gets|vsprintf|printf|fprintf)\s*\(")
    hits = []
    for folder, name, path in sources():
        for n, line in enumerate(code(path).split("\n"), 1):
            m = banned.search(line)
            if m:
                hits.append("%s/%s:%d: %s" % (folder, name, n, m[1]))
    assert hits == []


def test_pure_layers_make_no_system_calls():
    calls = re.compile(r"(?<![\w.>])(open|openat|read|write|close|stat|fstat|lstat|unlink|rename|link|fork|exec\w*|time|"
                       r"gettimeofday|clock_gettime|getenv|socket|connect|getpid)\s*\(")
    hits = []
    for folder, name, path in sources(*PURE):
        for n, line in enumerate(code(path).split("\n"), 1):
            m = calls.search(line)
            if m:
                hits.append("%s/%s:%d: %s" % (folder, name, n, m[1]))
    assert hits == []


def test_every_file_names_its_licence():
    assert [p for _, _, p in sources() if not open(p).readline().startswith("/* SPDX-License-Identifier: ISC */")] == []


def test_the_top_level_is_the_users_list():
    have = {f for f in os.listdir(ROOT) if not f.startswith(".")}
    assert have == TOP


def test_every_layer_module_has_a_unit_test():
    # headers only, or thin wrappers over one call, have nothing to test by themselves
    without = {"base/conf", "base/drop", "base/sync", "base/child", "base/fds", "base/trigger"}
    missing = []
    for folder, name, path in sources(*LAYERS):
        module = folder + "/" + name[:-2]
        if name.endswith(".c") and module not in without and not os.path.exists(
                os.path.join(ROOT, "tests/unit", module + "_test.c")):
            missing.append(module)
    assert missing == []


def test_static_programs_ask_no_name_service():
    """musl knows /etc/passwd and nscd alone: who has to find users wherever they are is linked dynamically."""
    asks = re.compile(r"\b(getpw(nam|uid|ent)|getgr(nam|gid|ent)|getgrouplist|initgroups|getaddrinfo|gethostby|getservby)")
    with open(os.path.join(ROOT, "Makefile")) as f:
        light = re.search(r"^LIGHT := .*?qmail-,(.*?)\)", f.read().replace("\\\n", " "), re.M)[1].split()
    assert "smtpd" in light and "queue" in light
    # the build knows the numbers of qmail's users, or links their readers dynamically; a program of the
    # administrator's may be written ~user/...
    known = {"base/conf.c", "smtpd/known.c"}
    assert {"%s/%s" % (folder, name) for folder, name, path in sources(*light, "spawn", "recipient", *LAYERS)
            if asks.search(code(path))} - known == set()


def man_pages():
    return sorted(p for p in os.listdir(os.path.join(ROOT, "man")) if p != "doc")


def test_every_program_has_its_page():
    out = subprocess.run(["make", "-s", "-f", "Makefile", "list-programs"], cwd=ROOT, capture_output=True, text=True,
                         check=True).stdout.split()
    assert len(out) > 20
    have = {p.rsplit(".", 1)[0] for p in man_pages()}
    assert [p for p in out if p not in have] == []


def test_every_file_format_has_its_page():
    have = set(man_pages())
    for page in ("dot-qmail.5 qmail-users.5 qmail-control.5 qmail-log.5 maildir.5 mbox.5 addresses.5 envelopes.5 "
                 "qmail-header.5").split():
        assert page in have


def test_pages_are_clean():
    pages = [os.path.join(ROOT, "man", p) for p in man_pages()]
    r = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"] + pages, capture_output=True, text=True)
    assert r.stdout + r.stderr == ""


def test_what_the_mutations_take_out_is_there():
    """tests/fuzz/mutate is run before a merge only; a line of its list that fits no more is seen at once here."""
    wrong, modules = [], set()
    with open(os.path.join(ROOT, "tests/fuzz/mutations"), encoding="ascii") as f:
        lines = [ln.rstrip("\n").split("\t") for ln in f if ln.strip() and not ln.startswith("#")]
    for module, path, old, new in lines:
        modules.add(module)
        with open(os.path.join(ROOT, path), encoding="ascii") as f:
            if f.read().count(old) != 1 or old == new:
                wrong.append("%s: %s" % (path, old))
    targets = {f[:-len("_fuzz.c")] for f in os.listdir(os.path.join(ROOT, "tests/fuzz")) if f.endswith("_fuzz.c")}
    assert wrong == [] and modules == targets
