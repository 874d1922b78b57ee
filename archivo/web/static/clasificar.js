/* Find a series by its name or code while typing; without this file the field's own list of options serves. */
(function () {
  "use strict";
  const input = document.getElementById("otra");
  const list = document.getElementById("encontradas");
  const options = Array.from(document.querySelectorAll("#series option"), (one) => ({ key: one.value, words: one.textContent }));
  input.removeAttribute("list");

  function plain(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  function show() {
    const wanted = plain(input.value).split(/\s+/).filter(Boolean);
    const found = wanted.length ? options.filter((one) => wanted.every((word) => plain(one.key + " " + one.words).includes(word))).slice(0, 8) : [];
    list.replaceChildren(...found.map((one) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.className = "option";
      button.name = "serie";
      button.value = one.key;
      const name = document.createElement("strong");
      name.textContent = one.words;
      const code = document.createElement("span");
      code.className = "under";
      code.textContent = one.key;
      button.append(name, code);
      button.addEventListener("click", () => { input.disabled = true; });
      item.append(button);
      return item;
    }));
    list.hidden = !found.length;
  }

  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    const first = list.querySelector("button");
    if (event.key === "Enter" && first) {
      event.preventDefault();
      first.click();
    } else if (event.key === "ArrowDown" && first) {
      event.preventDefault();
      first.focus();
    }
  });
})();
