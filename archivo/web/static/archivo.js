/* Keys and small conveniences. Every page works without this file. */
(function () {
  "use strict";

  function typing(target) {
    return target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
  }

  function visible(selector) {
    return Array.from(document.querySelectorAll(selector)).filter((one) => one.offsetParent !== null || one.closest("svg"));
  }

  function move(step) {
    const items = visible("[data-item]");
    if (!items.length) return;
    const active = document.activeElement;
    const row = active.closest("tr");
    const now = items.findIndex((one) => one.contains(active) || (row && row.contains(one)));
    const next = items[Math.min(Math.max(now + step, 0), items.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  function press(key) {
    const target = visible("[data-key]").find((one) => one.dataset.key.split(" ").includes(key));
    if (!target) return false;
    if (target.matches("input, textarea, select")) {
      target.focus();
      if (target.select) target.select();
    } else {
      target.click();
    }
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const keys = document.getElementById("teclas");
    if (keys && keys.open) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    if (event.key === "?" && keys) {
      keys.showModal();
    } else if (event.key === "j" || event.key === "k") {
      move(event.key === "j" ? 1 : -1);
    } else if (!press(event.key)) {
      return;
    }
    event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const copier = event.target.closest("[data-copy]");
    if (copier && navigator.clipboard) {
      event.preventDefault();
      navigator.clipboard.writeText(copier.dataset.copy || location.href).then(() => say("Copiado al portapapeles."));
    }
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("select[data-submit]")) event.target.form.requestSubmit();
  });

  /* A form sent twice by an impatient hand is sent once. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    window.addEventListener("pageshow", () => delete form.dataset.sent, { once: true });
  });

  function say(text) {
    const place = document.getElementById("avisos");
    const notice = document.createElement("p");
    notice.className = "notice done";
    notice.textContent = text;
    place.replaceChildren(notice);
  }

  /* After htmx changes a piece of the page, focus goes to what it says should have it. */
  document.addEventListener("htmx:afterSettle", () => {
    const next = document.querySelector("[data-focus]");
    if (next) next.focus({ preventScroll: true });
  });

  /* The button that chooses files, in our words whatever the browser's language. */
  for (const input of document.querySelectorAll("input[type=file]")) {
    const many = input.multiple;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button plain";
    button.textContent = many ? "Elegir archivos" : "Elegir archivo";
    const chosen = document.createElement("span");
    chosen.className = "soft small chosen";
    const tell = () => {
      const names = Array.from(input.files, (file) => file.name);
      chosen.textContent = names.length > 1 ? names.length + " archivos elegidos" : names[0] || "Ninguno elegido";
    };
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", tell);
    input.addEventListener("cleared", tell);
    input.classList.add("visually-hidden");
    input.tabIndex = -1;
    input.after(button, chosen);
    if (input.dataset.key) {
      button.dataset.key = input.dataset.key;
      delete input.dataset.key;
    }
    tell();
  }

  const summary = document.getElementById("resumen-error");
  if (summary) summary.focus();
})();
