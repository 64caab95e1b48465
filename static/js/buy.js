/* The price of an amount while it is typed. The server computes the same again and its word counts. */

const said = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/* Cents of what was typed, or null: decimal digits only, never a float. */
function cents(text) {
  const match = /^\s*(\d{1,10})(?:\.(\d{1,2}))?\s*$/.exec(text);
  return match && Number(match[1]) * 100 + Number((match[2] || "").padEnd(2, "0") || 0);
}

const dollars = (amount) => `$${said.format(Math.floor(amount / 100)).slice(0, -3)}.${String(amount % 100).padStart(2, "0")}`;

/* Whoever signs in first comes back to the amount that they had chosen. */
function keep(box, amount) {
  const back = `${location.pathname}?face_value=${encodeURIComponent(amount)}`;
  for (const link of box.querySelectorAll("[data-next]")) {
    const url = new URL(link.href);
    url.searchParams.set("next", back);
    link.href = url;
  }
}

function live(box) {
  const amount = box.querySelector("[name=face_value]");
  const { discountBp, least, step, left } = Object.fromEntries(
    Object.entries(box.dataset).map(([name, value]) => [name, Number(value)]),
  );
  const [price, saved, advice] = ["price", "saved", "advice"].map((name) => box.querySelector(`output[name=${name}]`));
  const show = () => {
    const value = cents(amount.value);
    const fits = value !== null && value >= least && value <= left && (value - least) % step === 0;
    amount.setAttribute("aria-invalid", String(!fits));
    amount.setCustomValidity(fits ? "" : "This amount is not offered.");
    advice.hidden = fits;
    if (fits) {
      const off = Math.floor((value * discountBp + 5000) / 10000);
      keep(box, amount.value.trim());
      price.value = dollars(value - off);
      saved.value = dollars(off);
    } else {
      const below = Math.min(left, Math.max(least, (value || 0) - (((value || 0) - least) % step)));
      const above = Math.min(left, below + step);
      const nearest = (value || 0) > least && above > below && (value || 0) < left
        ? `${dollars(below)} or ${dollars(above)}` : dollars(below);
      advice.value = `Not offered. Nearest: ${nearest}.`;
      price.value = "–";
      saved.value = "–";
    }
    for (const link of box.querySelectorAll("[data-amount]")) {
      if (Number(link.dataset.amount) === value) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  box.addEventListener("input", show);
  box.addEventListener("click", (event) => {
    const link = event.target.closest("[data-amount]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    amount.value = (Number(link.dataset.amount) / 100).toFixed(2);
    show();
  });
  show();
}

document.querySelectorAll("[data-discount-bp]").forEach(live);
