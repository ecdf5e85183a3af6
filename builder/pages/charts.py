"""Charts as SVG made here: classes carry the colours, so both themes, print and a strict CSP are served alike.

A chart is a picture with a name; the page puts a table of the same figures beside it.
"""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from runtime.lasting import lasting

WIDTH, HEIGHT = 560, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 24
# What an axis of times may end at, in seconds: itself and its half are times as people say them.
ENDS = (0.001, 0.002, 0.004, 0.01, 0.02, 0.04, 0.1, 0.2, 0.4, 1, 2, 4, 10, 20, 40, 60, 120, 240, 600, 1200, 1800, 3600,
        7200, 14_400, 28_800, 43_200, 86_400)  # fmt: skip


def sparkline(counts, label):
    """`counts`: (succeeded, failed) per day, oldest first. A day without runs keeps its foot mark."""
    height, bar, gap = 24, 5, 2
    top = max((good + bad for good, bad in counts), default=0) or 1
    parts = []
    for position, (good, bad) in enumerate(counts):
        x = position * (bar + gap)
        high = round((good + bad) / top * (height - 2)) if good + bad else 0
        low = max(1, round(bad / (good + bad) * high)) if bad else 0
        parts += _bar("spark-none", x, height - 2, bar, 2) if not high else []
        parts += _bar("spark-ok", x, height - max(high, 2), bar, max(high, 2) - low) if high else []
        parts += _bar("spark-bad", x, height - low, bar, low) if low else []
    return format_html(
        '<svg class="sparkline" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">{}</svg>',
        label, len(counts) * (bar + gap) - gap, height, len(counts) * (bar + gap) - gap, height,
        mark_safe("".join(parts)),
    )  # fmt: skip


def stacked_bars(points, label):
    """`points`: {"label", "good", "bad", "other"} per time slot, oldest first."""
    top = _round_up(max((p["good"] + p["bad"] + p["other"] for p in points), default=0))
    plot, floor = HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM
    slot = (WIDTH - LEFT - RIGHT) / max(len(points), 1)
    bar = max(2, min(28, slot * 0.68))
    parts = [_grid(top, "{:.0f}".format)]
    for position, point in enumerate(points):
        x, y = LEFT + position * slot + (slot - bar) / 2, floor
        title = f"{point['label']}: {point['good']} succeeded, {point['bad']} failed, {point['other']} other"
        parts.append(format_html("<g><title>{}</title>", title))
        parts += _bar("bar-hit", LEFT + position * slot, TOP, slot, plot)
        for part in ("bad", "other", "good"):
            high = point[part] / top * plot
            if high:
                y -= max(high, 1.5)
                parts += _bar(f"bar-{part}", x, y, bar, max(high, 1.5))
        parts.append(mark_safe("</g>"))
    return _svg(label, [*parts, _slot_labels([point["label"] for point in points], slot)])


def lines(points, names, label):
    """`points`: {"label", <name>: seconds or None}; one line per name, in the order of `names`."""
    values = [point[name] for point in points for name in names if point[name] is not None]
    top = _end_of_times(max(values, default=0))
    plot, slot = HEIGHT - TOP - BOTTOM, (WIDTH - LEFT - RIGHT) / max(len(points), 1)
    parts = [_grid(top, _tick)]
    for name in names:
        dots = [
            (LEFT + slot * (position + 0.5), TOP + plot * (1 - point[name] / top), point)
            for position, point in enumerate(points)
            if point[name] is not None
        ]
        track = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in dots)
        parts.append(format_html('<polyline class="line-{}" points="{}"/>', name, track))
        parts += [
            format_html(
                '<circle class="dot-{}" cx="{}" cy="{}" r="2.5"><title>{}: {} {}</title></circle>',
                name,
                f"{x:.1f}",
                f"{y:.1f}",
                point["label"],
                name,
                lasting(point[name]),
            )
            for x, y, point in dots
        ]
    return _svg(label, [*parts, _slot_labels([point["label"] for point in points], slot)])


def _svg(label, parts):
    return format_html(
        '<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>',
        label, WIDTH, HEIGHT, mark_safe("".join(parts)),
    )  # fmt: skip


def _bar(name, x, y, width, height):
    return [
        format_html(
            '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
            name, f"{x:.1f}", f"{y:.1f}", f"{width:.1f}", f"{height:.1f}",
        )
    ]  # fmt: skip


def _grid(top, words):
    plot = HEIGHT - TOP - BOTTOM
    rows = [(TOP + plot * (1 - share), words(top * share)) for share in (0, 0.5, 1)]
    return format_html_join(
        "",
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="tick" x="{}" y="{}">{}</text>',
        ((LEFT, WIDTH - RIGHT, f"{y:.1f}", f"{y:.1f}", LEFT - 6, f"{y + 3.5:.1f}", text) for y, text in rows),
    )


def _slot_labels(labels, slot):
    every = max(1, -(-len(labels) // 8))
    return format_html_join(
        "",
        '<text class="slot" x="{}" y="{}">{}</text>',
        (
            (f"{LEFT + slot * (position + 0.5):.1f}", HEIGHT - 6, text)
            for position, text in enumerate(labels)
            if position % every == 0
        ),
    )


def _round_up(value):
    """The next 1, 2, 4, 5, 6 or 8 times a power of ten, and even, so that half of it is whole."""
    power = 10 ** (len(str(int(value))) - 1)
    while True:
        for step in (1, 2, 4, 5, 6, 8):
            if step * power >= value:
                return max(2, step * power)
        power *= 10


def _end_of_times(seconds):
    """Where an axis ends that shows `seconds`; beyond a day at whole pairs of days."""
    return next((end for end in ENDS if end >= seconds), -(-seconds // 172_800) * 172_800)


def _tick(seconds):
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms" if seconds else "0"
    return lasting(seconds).replace(".0 s", " s")
