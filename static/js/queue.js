// Keys of the console: the queue and a case without a mouse. Everything is a link or a button already.
(() => {
  const list = () => [...document.querySelectorAll("[data-queue] > li")];
  const here = () => document.activeElement.closest("[data-queue] > li");

  const move = (by) => {
    const rows = list();
    if (!rows.length) return;
    const at = rows.indexOf(here());
    const to = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    to.querySelector("a").focus();
    to.scrollIntoView({ block: "nearest" });
  };

  const press = (key) => {
    const inside = (here() || document).querySelector(`[data-key="${key}"]`);
    (inside || document.querySelector(`[data-key="${key}"]`))?.click();
  };

  const toDecision = () => {
    const field = document.querySelector(".decide :is(textarea, select, input:not([type=hidden]))");
    field?.focus();
    field?.scrollIntoView({ block: "center" });
  };

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    c: () => press("c"),
    n: () => press("n"),
    d: toDecision,
    q: () => press("q"),
    "?": () => press("?"),
  };

  // A sentence to begin a reason with, put after what is written already.
  document.addEventListener("click", (event) => {
    const sentence = event.target.closest("[data-fill]")?.dataset.fill;
    const reason = sentence && document.querySelector(".decide textarea[name=reason]");
    if (!reason) return;
    reason.value = [reason.value.trim(), sentence].filter(Boolean).join(" ");
    reason.focus();
  });

  document.addEventListener("keydown", (event) => {
    const writes = event.target.closest("input:not([type=radio]), textarea, select, [contenteditable]");
    if (writes || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
