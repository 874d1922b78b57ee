/* Choosing rows of a list with fewer steps. The form works without this file. */
(function () {
  "use strict";

  const form = document.querySelector("form.choosing");
  if (!form) return;
  const boxes = Array.from(form.querySelectorAll('input[name="doc"]'));
  const told = document.getElementById("marcados");
  const count = document.getElementById("cuantos");
  const marked = form.querySelector('input[value="marcados"]');

  const all = document.createElement("input");
  all.type = "checkbox";
  all.setAttribute("aria-label", "Marcar todos los de esta página");
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  form.querySelector("th.pick").prepend(all);

  function tell() {
    const number = boxes.filter((box) => box.checked).length;
    all.checked = number === boxes.length;
    all.indeterminate = number > 0 && number < boxes.length;
    told.textContent = number === 0 ? "Los marcados" : number === 1 ? "El marcado (1)" : "Los marcados (" + number + ")";
    count.textContent = number === 0 ? "" : number === 1 ? "1 marcado" : number + " marcados";
    for (const box of boxes) box.closest("tr").classList.toggle("is-chosen", box.checked);
  }

  form.addEventListener("change", (event) => {
    if (event.target.name !== "doc") return;
    marked.checked = true;
    tell();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = document.activeElement.closest("tr");
    const box = row && row.querySelector('input[name="doc"]');
    if (!box) return;
    event.preventDefault();
    box.click();
  });

  window.addEventListener("pageshow", tell);
  tell();
})();
