/* An address says only what was asked for: empty filters stay out of it. */

for (const form of document.querySelectorAll("form[data-lean]")) {
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
    if (formData.get("ordering") === "newest") formData.delete("ordering");
  });
}

/* What was looked for lately is offered again. It stays in this browser. */

const NAME = "surplus-searches", MOST = 6, LONGEST = 60;
const place = document.querySelector("[data-lately]");

function lately() {
  try {
    return JSON.parse(localStorage.getItem(NAME)) ?? [];
  } catch {
    return [];
  }
}

function show() {
  const links = lately().map((words) => {
    const link = document.createElement("a");
    link.href = `?${new URLSearchParams({ q: words })}`;
    link.textContent = words;
    return link;
  });
  place.querySelector("span").replaceChildren(...links);
  place.hidden = !links.length;
}

function remember() {
  const words = new URLSearchParams(location.search).get("q")?.trim();
  if (words && words.length <= LONGEST) {
    const kept = [words, ...lately().filter((one) => one !== words)].slice(0, MOST);
    try {
      localStorage.setItem(NAME, JSON.stringify(kept));
    } catch {
      /* A browser that keeps nothing. */
    }
  }
  show();
}

if (place) {
  remember();
  document.body.addEventListener("htmx:pushedIntoHistory", remember);
  place.querySelector("button").addEventListener("click", () => {
    localStorage.removeItem(NAME);
    show();
    document.querySelector("[role=search] [name=q]").focus();
  });
}
