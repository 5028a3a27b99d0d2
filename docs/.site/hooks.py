"""What MkDocs is told about these documents beyond mkdocs.yml.

- A block that is a file, ```` ```yaml saves specs/orders.yml ````, gets the file's name as its title.
- A link to a file of the repository outside of docs/ leads to the code host, if REPO_URL says where that is, and is plain text
  otherwise. It is an error if there is no such file.
"""

import logging
import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOG = logging.getLogger("mkdocs.hooks.documents")

KNOWN = re.compile(r'^```[\w-]+(?: title="[^"]*")?$')
FENCE = re.compile(r"^```(?P<language>\w+) (?:(?P<how>saves|adds|shows) )?(?P<path>\S+)\n(?:# (?P=path)\n)?", re.MULTILINE)
LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<target>(?:\.\./)+[^)#\s]+)(?P<anchor>#[^)\s]+)?\)")


def title(match):
    """The opening of a block with the name of its file, as MkDocs reads it."""
    path = match["path"] + (" (at its end)" if match["how"] == "adds" else "")
    return f'```{match["language"]} title="{path}"\n'


def on_page_markdown(markdown, page, config, **_):
    """Rewrites what other readers of Markdown need not know."""
    here = pathlib.Path(page.file.abs_src_path).parent
    docs = pathlib.Path(config["docs_dir"]).resolve()

    def link(match):
        target = (here / match["target"]).resolve()
        if target.is_relative_to(docs):
            return match[0]
        if not target.exists():
            LOG.warning("%s: there is no %s", page.file.src_path, match["target"])
        url = os.environ.get("REPO_URL")
        if not url:
            return match["text"]
        kind = "tree" if target.is_dir() else "blob"
        return f'[{match["text"]}]({url}/{kind}/main/{target.relative_to(ROOT).as_posix()}{match["anchor"] or ""})'

    markdown = FENCE.sub(title, markdown)
    # MkDocs prints a block that it does not understand as text, marks and all, and says nothing.
    for line in markdown.splitlines():
        if line.startswith("```") and line != "```" and not KNOWN.match(line):
            LOG.warning("%s: a block of code that MkDocs does not see: %s", page.file.src_path, line)
    return LINK.sub(link, markdown)
