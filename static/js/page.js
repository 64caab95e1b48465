/* Small conveniences. Without them every page still works. */

const root = document.documentElement;
root.dataset.js = "";

/* The server writes UTC, the reader sees their own zone. */

const inFull = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric",
  hour: "2-digit", minute: "2-digit", timeZoneName: "short",
});

function showLocal(time) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.valueOf())) return;
  time.title = time.dateTime;
  time.textContent = inFull.format(at);
}

function timeLeft(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds <= 0) return "any moment now";
  const [days, hours, minutes] = [
    Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60,
  ];
  if (days) return `${days}\u00a0d ${hours}\u00a0h\u00a0left`;
  if (hours) return `${hours}\u00a0h ${minutes}\u00a0min\u00a0left`;
  return minutes ? `${minutes}\u00a0min ${seconds % 60}\u00a0s\u00a0left` : `${seconds}\u00a0s\u00a0left`;
}

function tick() {
  for (const time of document.querySelectorAll("time[data-countdown]")) {
    const at = new Date(time.dateTime);
    const text = `${inFull.format(at)} · ${timeLeft(at - Date.now())}`;
    if (time.textContent !== text) time.textContent = text;
  }
}

function toast(text) {
  const line = document.createElement("p");
  line.textContent = text;
  document.getElementById("toasts")?.append(line);
  setTimeout(() => line.remove(), 4000);
}

/* A form with data-confirm asks before it is sent. */

function confirmFirst(form, button) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-label", "Please confirm");
  const text = document.createElement("p");
  text.textContent = form.dataset.confirm;
  const choice = document.createElement("form");
  choice.method = "dialog";
  choice.innerHTML = '<div class="row"><button class="button quiet">Go back</button>'
    + '<button class="button" value="yes"></button></div>';
  choice.querySelector("[value]").textContent = form.dataset.confirmButton || "Continue";
  dialog.append(text, choice);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue !== "yes") return;
    form.dataset.confirmed = "";
    form.requestSubmit(button);
  });
  document.body.append(dialog);
  dialog.showModal();
}

/* Auto follows the system; a choice is kept in a cookie, so that no page flashes. */

const themes = ["auto", "light", "dark"];

function showTheme(name) {
  if (name === "auto") delete root.dataset.theme;
  else root.dataset.theme = name;
  for (const label of document.querySelectorAll("[data-theme-switch] span")) {
    label.textContent = name;
  }
}

function nextTheme() {
  const now = root.dataset.theme || "auto";
  const name = themes[(themes.indexOf(now) + 1) % themes.length];
  const age = name === "auto" ? 0 : 31536000;
  document.cookie = `theme=${name};path=/;max-age=${age};samesite=lax`;
  showTheme(name);
}

document.addEventListener("click", async (event) => {
  const target = event.target.closest("[data-copy], [data-dismiss], [data-theme-switch], [data-opens]");
  if (!target) return;
  if ("copy" in target.dataset) {
    await navigator.clipboard.writeText(document.getElementById(target.dataset.copy).textContent.trim());
    toast("Copied");
  } else if ("dismiss" in target.dataset) {
    target.closest(".notice").remove();
  } else if ("opens" in target.dataset) {
    document.getElementById(target.dataset.opens).showModal();
  } else {
    nextTheme();
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("confirm" in form.dataset && !("confirmed" in form.dataset)) {
    event.preventDefault();
    confirmFirst(form, event.submitter);
    return;
  }
  delete form.dataset.confirmed;
}, true);

function enhance(part) {
  part.querySelectorAll("time[data-local]").forEach(showLocal);
  tick();
}

document.addEventListener("htmx:load", (event) => enhance(event.target));
enhance(document);
showTheme(root.dataset.theme || "auto");
setInterval(tick, 1000);

/* No passkey: the person pressed cancel, or the address is a number. */

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const trouble = document.getElementById("passkey-trouble");
  if (trouble) trouble.hidden = false;
});
