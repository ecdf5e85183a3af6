"""JavaScript modules without a build step: an import map that sends plain addresses to their hashed files.

Relative imports stay as written. The editor's modules are released together under one name (builder/static_files.py)
and need no map; its late style sheets do. In development nothing is hashed and the map is empty; `node --test` needs
no map at all. Others' modules (static/vendor) import each other by bare names, which only a map can explain.
The map is the one inline script of a page and carries the request's nonce.
"""

import json
import posixpath
import re
import tomllib
from functools import lru_cache
from urllib.parse import quote

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

register = template.Library()
VENDORED = "vendor/"
# `import ... from "./x.js"`, `export ... from "./x.js"` and `import "./x.js"` at the start of a line; never `import()`.
STATIC_IMPORT = re.compile(r"""^(?:import|export)\b[^;"'()]*?["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)


@register.simple_tag(takes_context=True)
def import_map(context, *folders):
    """The import map of modules and sheets in these static folders; it must stand before any module script.

    What is in "vendor/" goes by its bare names.
    """
    text = _import_map.__wrapped__(folders) if settings.DEBUG else _import_map(folders)
    nonce = getattr(context.get("request"), "csp_nonce", "")
    return format_html('<script type="importmap" nonce="{}">{}</script>', nonce, mark_safe(text))


@register.simple_tag
def module_preloads(*entries):
    """A flat `modulepreload` for every module these entries import statically, so that none waits for another."""
    modules = _closure.__wrapped__(entries) if settings.DEBUG else _closure(entries)
    return format_html_join(
        "\n", '<link rel="modulepreload" href="{}">', ((staticfiles_storage.url(module),) for module in modules)
    )


def modules_after(entry, first):
    """What `entry` imports and `first` did not, as paths relative to `first`: a page fetches them at once, flat."""
    folder = posixpath.dirname(first)
    known = _closure.__wrapped__((first,)) if settings.DEBUG else _closure((first,))
    modules = _closure.__wrapped__((entry,)) if settings.DEBUG else _closure((entry,))
    return [f"./{posixpath.relpath(module, folder)}" for module in modules if module not in known]


@register.simple_tag
@lru_cache(maxsize=8)
def picture_inside(name):
    """A small SVG as an address that holds it, for a page that counts its requests."""
    return mark_safe("data:image/svg+xml," + quote(_source(name), safe=" =:/'()"))


@lru_cache(maxsize=8)
def _import_map(folders):
    hashed = getattr(staticfiles_storage, "hashed_files", {})
    imports = {
        settings.STATIC_URL + path: staticfiles_storage.url(path)
        for path in sorted(hashed)
        if path.endswith((".js", ".css")) and path.startswith(folders) and not path.startswith(VENDORED)
    }
    if VENDORED in folders:
        rows = tomllib.loads(_source(f"{VENDORED}VENDOR.toml"))["file"]
        imports |= {row["imported_as"]: staticfiles_storage.url(VENDORED + row["copy"]) for row in rows}
    return json.dumps({"imports": imports}, separators=(",", ":")).replace("<", "\\u003c")


@lru_cache(maxsize=8)
def _closure(entries):
    found, open_ends = {}, list(entries)
    while open_ends:
        module = open_ends.pop(0)
        if module in found:
            continue
        found[module] = True
        open_ends += [
            posixpath.normpath(posixpath.join(posixpath.dirname(module), path))
            for path in STATIC_IMPORT.findall(_source(module))
        ]
    return tuple(found)


def _source(module):
    path = finders.find(module)
    if path is None:
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()
