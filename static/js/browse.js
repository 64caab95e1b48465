/* An address says only what was asked for: empty filters stay out of it. */

for (const form of document.querySelectorAll("form[data-lean]")) {
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
    if (formData.get("ordering") === "newest") formData.delete("ordering");
  });
}
