// <time datetime data-form>: the server writes UTC, the reader sees their own zone, named in the title.
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** @param {ParentNode} root */
export function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.getAttribute("datetime") ?? "");
    if (Number.isNaN(at.valueOf())) continue;
    time.textContent = words(at, time.getAttribute("data-form") ?? "relative", new Date());
    time.setAttribute("title", `${full.format(at)} (${zone})`);
  }
}

/**
 * @param {Date} at
 * @param {string} form relative, full, day or clock
 * @param {Date} now
 */
export function words(at, form, now) {
  if (form === "full") return full.format(at);
  if (form === "day") return day.format(at);
  if (form === "clock") return clock.format(at);
  const seconds = (at.valueOf() - now.valueOf()) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return seconds > 5 ? "in a moment" : "just now";
  if (size < HOUR) return ago.format(Math.round(seconds / MINUTE), "minute");
  if (size < 12 * HOUR) return ago.format(Math.round(seconds / HOUR), "hour");
  return size < 300 * DAY ? dayAndClock.format(at) : day.format(at);
}
