/* Forms that answer while you type. The server computes the same again and its word counts. */

/* Cents of what was typed, as a BigInt, or null: decimal digits only, never a float. */
function cents(text) {
  const match = /^\s*(\d{1,12})(?:\.(\d{1,2}))?\s*$/.exec(text.replaceAll(",", ""));
  return match && BigInt(match[1]) * 100n + BigInt((match[2] || "").padEnd(2, "0") || 0);
}

function say(amount, symbol) {
  const whole = (amount / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  return `${symbol}${whole}.${(amount % 100n).toString().padStart(2, "0")}`;
}

/* To the nearest cent; the half goes to what is rounded: the saving, then the seller. */
const part = (amount, basisPoints) => (amount * basisPoints + 5000n) / 10000n;

function proceeds(box) {
  const form = box.closest("form");
  const face = form.elements[box.dataset.face];
  const discount = form.elements[box.dataset.discount];
  const parts = Object.fromEntries(
    [...box.querySelectorAll("output")].map((output) => [output.name, output]),
  );
  const show = () => {
    const value = cents(face.value);
    const off = cents(discount.value);
    const fits = value && off !== null && off >= 3000n && off <= 7000n;
    const price = fits ? value - part(value, off) : 0n;
    const proceeds = part(price, 10000n - BigInt(box.dataset.commissionBp));
    const words = { price, proceeds, commission: price - proceeds };
    for (const [name, output] of Object.entries(parts)) {
      output.value = fits ? say(words[name], box.dataset.symbol || "$") : "–";
    }
  };
  form.addEventListener("input", show);
  show();
}

function drop(box) {
  const input = box.querySelector("input[type=file]");
  const names = document.createElement("output");
  names.className = "small muted";
  box.append(names);
  input.addEventListener("change", () => {
    names.value = [...input.files]
      .map((file) => `${file.name}, ${Math.ceil(file.size / 1024)} kB`).join("; ");
  });
  for (const kind of ["dragenter", "dragleave", "drop"]) {
    input.addEventListener(kind, () => box.classList.toggle("over", kind === "dragenter"));
  }
}

document.querySelectorAll("[data-commission-bp]").forEach(proceeds);
document.querySelectorAll("[data-drop]").forEach(drop);
