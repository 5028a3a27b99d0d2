"""Looks at the documents of kpic as their readers' tools see them.

    python check.py KPIC TOOLS PROJECT...

builds the documents of each project with the program KPIC, then has MkDocs make a site of them (every warning is an error, and so is
a link or an anchor that leads nowhere), has mermaid's own parser read every diagram, and looks whether a text of the project of
which nothing may get through has become a part of a page. TOOLS is the folder with what `make` has installed.
"""

import os
import pathlib
import subprocess
import sys
from html.parser import HTMLParser

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The word that stands in every hostile text.
WORD = "kpic"


class Intruders(HTMLParser):
    """Finds elements that a text has made, inside of a page's own part."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.depth = 0
        self.open = []
        self.found = []
        self.text = []

    def handle_starttag(self, tag, attributes):
        if tag == "article":
            self.depth += 1
        if not self.depth:
            return
        attributes = dict(attributes)
        if WORD in tag or tag in ("script", "img", "iframe", "input", "em", "del", "ol", "dl"):
            self.found.append(self.get_starttag_text())
        for name, value in attributes.items():
            if name.startswith("on") or (name in ("href", "src") and "javascript" in (value or "")):
                self.found.append(self.get_starttag_text())
        self.open.append(tag)

    def handle_endtag(self, tag):
        if tag == "article":
            self.depth -= 1
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if not self.depth:
            return
        self.text.append(data)
        # Markdown that a text has brought along: kpic's own templates make none of these of it.
        if WORD in data and any(tag in self.open for tag in ("h4", "h5", "h6", "ol", "dl")):
            self.found.append(data)

    def handle_comment(self, data):
        if self.depth:
            self.found.append(f"<!--{data}-->")


def run(command, **environment):
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def main():
    program, tools = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    projects = [pathlib.Path(project).resolve() for project in sys.argv[3:]]
    folders = []
    for project in projects:
        # What stands on pages of the present is looked at too, where there is data.
        run([program, "-C", project, "build", *([] if project.name == "hostile" else ["--figures"])])
        docs, site = project / "build" / "docs", tools / "sites" / project.name
        folders.append(docs)
        config = HERE / "mkdocs.yml"
        # Not `--quiet`: what is not said is not counted as a warning either.
        mkdocs = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean", "-f", config]
        # The theme's maker advertises on stderr unless told not to; that is no warning of MkDocs.
        run(mkdocs, DOCS_DIR=str(docs), SITE_DIR=str(site), SITE_NAME=project.name, NO_MKDOCS_2_WARNING="1")
        pages = list(site.rglob("*.html"))
        print(f"mkdocs makes {len(pages)} pages of {project.name}")
        if project.name == "hostile":
            hostile(pages)
    folders.append(ROOT / "docs")
    own(tools / "sites" / "kpic")
    print(run(["node", HERE / "mermaid.mjs", *folders], NODE_PACKAGES=str(tools)), end="")


def own(site):
    """The site of kpic's own documents, with links that lead out of it to a code host."""
    mkdocs = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean", "-f", ROOT / "mkdocs.yml"]
    run(mkdocs, SITE_DIR=str(site), REPO_URL="https://example.com/kpic", NO_MKDOCS_2_WARNING="1")
    pages = list(site.rglob("*.html"))
    print(f"mkdocs makes {len(pages)} pages of kpic's own documents")


def hostile(pages):
    found, seen = [], 0
    for page in pages:
        if page.name == "404.html":
            continue
        reader = Intruders()
        reader.feed(page.read_text(encoding="utf-8"))
        found += [f"{page}: {what}" for what in reader.found]
        seen += "".join(reader.text).count(f"<{WORD}-tag>")
    if found:
        sys.exit("a text got through:\n" + "\n".join(found))
    if seen < 50:
        sys.exit(f"hostile texts are shown {seen} times only: what is looked for is not there any more")
    print(f"{seen} hostile tags are shown as the texts that they are")


main()
